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
}

/** @param every milliseconds between two times that the same is asked */
export const surveyOf = ({ every }: { readonly every: number }): Survey => {
  const asked = new Map<string, Map<string, Asked>>()
  const open = opener()
  const asks = <T>(question: string, ask: (database: Database) => Promise<T>): Surveyed<T> => {
    const answers = new Map<string, T>()
    const find = (one: Asked) => async (database: Database) => {
      const start = performance.now()
      delete one.failure
      try {
        answers.set(database.name, await ask(database))
        one.found = performance.now()
        one.duration = (one.found - start) / 1000
      } catch (failure) {
        one.failure = failure
      }
    }
    return async (postgres, { name }) => {
      const all = asked.get(name) ?? new Map<string, Asked>()
      const one = all.get(question) ?? { begun: -Infinity }
      asked.set(name, all.set(question, one))
      const due = performance.now() - one.begun >= every
      if (due) one.begun = performance.now()
      const fail = (failure: unknown) => {
        one.failure = failure
      }
      const work = open(postgres, name, due ? { question, find: find(one), fail } : undefined)
      // The first to ask waits, as long as the rest of the scrape can spare it.
      if (one.found === undefined && work) await atMost(postgres.budget / 2, work)
      if (one.found === undefined && one.failure !== undefined) throw one.failure
      return answers.get(name)
    }
  }
  return { asks, state: stateOf(asked) }
}

interface Work {
  readonly question: string
  find(database: Database): Promise<void>
  fail(failure: unknown): void
}

/** Everything that is due in a database goes over one connection, one after the other. */
const opener = () => {
  const due = new Map<string, Map<string, Work>>()
  const running = new Map<string, Promise<void>>()
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
  return (postgres: Postgres, name: string, more?: Work): Promise<void> | undefined => {
    const waiting = due.get(name) ?? new Map<string, Work>()
    due.set(name, waiting)
    if (more) waiting.set(more.question, more)
    const known = running.get(name)
    if (known || waiting.size === 0) return known
    const begun = run(postgres, name, waiting)
      .catch((failure: unknown) => {
        // Without a connection they go on waiting, for the next scrape.
        for (const work of waiting.values()) work.fail(failure)
      })
      .finally(() => running.delete(name))
    running.set(name, begun)
    return begun
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

const stateOf = (asked: ReadonlyMap<string, ReadonlyMap<string, Asked>>): Collector<Postgres> => ({
  name: 'survey',
  metrics: [surveyAge, surveyDuration, surveySuccess],
  async collect({ failed }) {
    return [...asked].flatMap(([datname, all]) =>
      [...all].flatMap(([survey, { found, duration, failure }]) => {
        if (failure !== undefined) failed(`${survey} in ${datname}`, failure)
        return [
          ...(found === undefined ? [] : [surveyAge.sample((performance.now() - found) / 1000, { datname, survey })]),
          ...(duration === undefined ? [] : [surveyDuration.sample(duration, { datname, survey })]),
          surveySuccess.sample(failure === undefined ? 1 : 0, { datname, survey }),
        ]
      }),
    )
  },
})
