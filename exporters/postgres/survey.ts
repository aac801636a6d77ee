import { setImmediate as turn } from 'node:timers/promises'
import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Database, Postgres } from './source.ts'

const labels = ['datname', 'survey'] as const

export const surveyAge = gauge({
  name: 'pg_survey_age_seconds',
  help: 'Time since the answer that is shown was found, of what is too costly to ask at every scrape',
  labels,
})
export const surveyDuration = gauge({
  name: 'pg_survey_duration_seconds',
  help: 'How long finding it took',
  labels,
})
export const surveyInterval = gauge({
  name: 'pg_survey_interval_seconds',
  help: 'How long it is shown before it is asked again; longer where finding it takes long',
  labels,
})
export const surveySuccess = gauge({
  name: 'pg_survey_success',
  counts: 'surveys',
  help: 'Whether the last attempt to find it succeeded (1) or failed (0); the answer shown may be an older one',
  labels,
})

/** What a question found in this database last. Undefined while it has not been answered for the first time. */
export type Surveyed<T> = (postgres: Postgres, database: Database) => Promise<T | undefined>

/** What is asked at a pace of its own, beside the scrapes, on a connection that is closed afterwards. */
export interface Survey {
  /** @param name the value of the label `survey` */
  asks<T>(name: string, ask: (database: Database) => Promise<T>): Surveyed<T>
  /** How old each answer is, and what it took. */
  readonly state: Collector<Postgres>
}

interface Asked {
  /** `performance.now()` at which its answer was found. */
  found?: number
  /** Seconds. */
  duration?: number
  failure?: unknown
  /** When it was last begun: also one that failed is not asked again before it is due. */
  begun: number
  /** Settles when what was begun has an outcome; undefined when it has. */
  outcome: Promise<void> | undefined
}

/** Times `every`, however long it takes: one slow answer is not to be the last of the day. */
const slowest = 6

interface Pace {
  /** Milliseconds between two times that the same is asked, at least. */
  readonly every: number
  /** Of the time, at most this part goes into asking the same again: with very many relations the pace slows down. */
  readonly share?: number
}

export const surveyOf = ({ every, share = 1 / 1_000 }: Pace): Survey => {
  const asked = new Map<string, Map<string, Asked>>()
  const interval = ({ duration = 0 }: Asked) => Math.min(Math.max(every, (1000 * duration) / share), slowest * every)
  const open = opener()
  const asks = <T>(question: string, ask: (database: Database) => Promise<T>): Surveyed<T> => {
    const answers = new Map<string, T>()
    const begin = (one: Asked): Work => {
      one.begun = performance.now()
      const { promise, resolve } = settled()
      one.outcome = promise.then(() => {
        one.outcome = undefined
      })
      const fail = (failure: unknown) => {
        one.failure = failure
        resolve()
      }
      const find = async (database: Database) => {
        const start = performance.now()
        delete one.failure
        try {
          answers.set(database.name, await ask(database))
          one.found = performance.now()
          one.duration = (one.found - start) / 1000
          resolve()
        } catch (failure) {
          fail(failure)
        }
      }
      return { question, find, fail }
    }
    return async (postgres, { name }) => {
      const all = asked.get(name) ?? new Map<string, Asked>()
      const one = all.get(question) ?? { begun: -Infinity, outcome: undefined }
      asked.set(name, all.set(question, one))
      for (const gone of answers.keys()) if (!postgres.databases.includes(gone)) answers.delete(gone)
      const due = !one.outcome && performance.now() - one.begun >= interval(one)
      open(postgres, name, due ? begin(one) : undefined)
      // The first to ask waits, as long as the rest of the scrape can spare it.
      if (one.found === undefined && one.outcome) await atMost(postgres.budget / 2, one.outcome)
      if (one.found === undefined && one.failure !== undefined) throw one.failure
      return answers.get(name)
    }
  }
  return { asks, state: stateOf(asked, interval) }
}

const settled = () => {
  let resolve = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

interface Work {
  readonly question: string
  find(database: Database): Promise<void>
  fail(failure: unknown): void
}

/** Everything that is due in a database goes over one connection, one after the other. */
const opener = () => {
  const due = new Map<string, Map<string, Work>>()
  const running = new Set<string>()
  const run = async ({ apart }: Postgres, name: string, waiting: Map<string, Work>) => {
    // Those who ask in the same scrape come along.
    await turn()
    await apart(name, async (database) => {
      for (const [question, work] of waiting) {
        waiting.delete(question)
        await work.find(database)
      }
    })
  }
  const start = async (postgres: Postgres, name: string, waiting: Map<string, Work>) => {
    running.add(name)
    try {
      // Also what became due while the connection was being closed.
      while (waiting.size > 0) await run(postgres, name, waiting)
    } catch (failure) {
      // Without a connection they go on waiting, for the next scrape.
      for (const work of waiting.values()) work.fail(failure)
    }
    running.delete(name)
  }
  return (postgres: Postgres, name: string, more?: Work) => {
    const waiting = due.get(name) ?? new Map<string, Work>()
    due.set(name, waiting)
    if (more) waiting.set(more.question, more)
    if (!running.has(name) && waiting.size > 0) void start(postgres, name, waiting)
  }
}

const atMost = async (milliseconds: number, work: Promise<void>) => {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  await Promise.race([work, patience])
  clearTimeout(timer)
}

const stateOf = (
  asked: ReadonlyMap<string, ReadonlyMap<string, Asked>>,
  interval: (one: Asked) => number,
): Collector<Postgres> => ({
  name: 'survey',
  metrics: [surveyAge, surveyDuration, surveyInterval, surveySuccess],
  async collect({ failed, databases }) {
    return [...asked]
      .filter(([datname]) => databases.includes(datname))
      .flatMap(([datname, all]) =>
        [...all].flatMap(([survey, one]) => {
          const { found, duration, failure } = one
          if (failure !== undefined) failed(`${survey} in ${datname}`, failure)
          const names = { datname, survey }
          return [
            ...(found === undefined ? [] : [surveyAge.sample((performance.now() - found) / 1000, names)]),
            ...(duration === undefined ? [] : [surveyDuration.sample(duration, names)]),
            surveyInterval.sample(interval(one) / 1000, names),
            surveySuccess.sample(failure === undefined ? 1 : 0, names),
          ]
        }),
      )
  },
})
