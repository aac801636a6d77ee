import { wordsOf } from '../../exporters/failure.ts'
import { deployed, rolledBack, schemaAhead } from '../../exporters/jobs/update.ts'
import type { Run } from '../job.ts'
import { backwardSteps, forwardSteps } from './doing.ts'
import { readPackage } from './npm.ts'
import { restoreWords } from './restore-words.ts'
import { schemaBack } from './schema-back.ts'
import type { Stand } from './stand.ts'
import { backward, forward, goesBack, goesForward, type State } from './state.ts'

/** What each step is, for whoever waits. */
const words = ({ from, to }: State, { settings, driver, healthUrl }: Stand): Readonly<Record<string, string>> => ({
  code: `bringing ${to.slice(0, 12)}`,
  install: `npm ${settings.install.join(' ')}`,
  migrate: `npm run ${settings.schema.migrate ?? 'nothing'}`,
  restart: driver.words,
  check: `waiting for ${healthUrl}`,
  'schema back': 'going back: looking whether the schema has changed',
  'code back': `going back to ${from.slice(0, 12)}`,
  'install back': `going back: npm ${settings.install.join(' ')}`,
  'restart back': `going back: ${driver.words}`,
  'check back': `going back: waiting for ${healthUrl}`,
})

/**
 * Goes on with an update from where its state says, forward or back, to an end of either. Each step is noted before it is
 * begun, and each may be done again.
 * @returns what was done
 * @throws Error where it was taken back, saying why; where a step back failed, after which the next run goes on with it;
 * and where `run.signal` aborts, after which the next run goes on as well
 */
export const goOn = async (stand: Stand, begun: State, run: Run): Promise<string> => {
  let state = begun
  const note = async (step: State['step'], more: Partial<State> = {}) => {
    state = { ...state, ...more, step, at: new Date(stand.now()).toISOString() }
    await stand.keeping.write(state)
  }
  const enter = async (step: State['step']) => {
    run.signal.throwIfAborted()
    // Begun before, it keeps its moment: what was left since then is of it.
    if (state.step !== step) await note(step)
    run.step(words(state, stand)[step] ?? step)
  }
  if (goesForward(state.step)) {
    try {
      for (const step of forward.slice(forward.indexOf(state.step))) {
        await enter(step)
        await forwardSteps[step]({ stand, state, run })
      }
      await note('done')
      return await arrived(stand, state, run)
    } catch (cause) {
      run.signal.throwIfAborted()
      const why = `${words(state, stand)[state.step] ?? state.step}: ${wordsOf(cause)}`
      if (await untouched(stand, state, run)) {
        await note('taken back', { why })
        throw new Error(`nothing was changed. ${why}`, { cause })
      }
      run.step(`failed at ${why}`)
      await note('schema back', backFrom(state, why))
    }
  }
  return back({ stand, run, enter, note, now: () => state })
}

/** How an update that has come so far is begun to be taken back. */
export const backFrom = ({ step }: State, why: string) => ({
  step: 'schema back' as const,
  why,
  migrated: step === 'restart' || step === 'check',
})

interface Back {
  readonly stand: Stand
  readonly run: Run
  readonly enter: (step: State['step']) => Promise<void>
  readonly note: (step: State['step'], more?: Partial<State>) => Promise<void>
  readonly now: () => State
}

const back = async ({ stand, run, enter, note, now }: Back): Promise<never> => {
  if (now().step === 'schema back') {
    await enter('schema back')
    const ahead = await schemaBack({ stand, state: now(), run, note: (more) => note('schema back', more) })
    await note('code back', { ahead: [...ahead] })
  }
  const ahead = now().ahead ?? []
  run.measured(rolledBack.sample(1), schemaAhead.sample(ahead.length > 0 ? 1 : 0))
  if (ahead.length > 0) {
    run.failure(`the schema is ahead of the code, and nobody but a human takes it back: ${ahead.join(', ')}`)
    run.failure(`to see what was there before: ${await restoreWords(stand.env, Date.parse(now().backup), run.signal)}`)
  }
  // An API that was not healthy when it was looked at last is started again first.
  const first = now().step === 'check back' ? 'restart back' : now().step
  if (goesBack(first) && first !== 'schema back') {
    for (const step of backward.slice(backward.indexOf(first))) {
      if (step === 'schema back') continue
      await enter(step)
      await backwardSteps[step]({ stand, state: now(), run }).catch((cause: unknown) => {
        run.signal.throwIfAborted()
        throw new Error(
          `${whatFailed(now())}; ${step} failed as well: ${wordsOf(cause)}. Run the job again: it goes on there`,
          { cause },
        )
      })
    }
  }
  await note(ahead.length > 0 ? 'ahead' : 'taken back')
  const end =
    ahead.length > 0 ? 'healthy, but the schema of the database is ahead of it' : 'healthy, and the schema fits it'
  throw new Error(`${whatFailed(now())}; ${now().from.slice(0, 12)} is back, ${end}`)
}

const whatFailed = ({ to, why = 'it was killed too often' }: State) =>
  `the update to ${to.slice(0, 12)} failed (${why})`

/** Whether it failed before anything was moved. */
const untouched = async ({ checkout }: Stand, { step, from }: State, { signal }: Run) =>
  step === 'code' && (await checkout.head(signal)) === from && (await checkout.changed(signal)).length === 0

const arrived = async (stand: Stand, { from, to }: State, { measured, signal }: Run): Promise<string> => {
  const version = await versionOf(stand, from, to, signal)
  measured(deployed.sample(stand.now() / 1_000, { version }), rolledBack.sample(0), schemaAhead.sample(0))
  return `the API is at ${version} (${to.slice(0, 12)}), before at ${from.slice(0, 12)}, and healthy`
}

/** That of package.json where the update changed it; the short commit tells others apart. */
const versionOf = async ({ checkout }: Stand, from: string, to: string, signal: AbortSignal) => {
  const [before, after] = await Promise.all(
    [from, to].map(async (commit) => {
      const text = await checkout.content(commit, 'package.json', signal)
      return text === undefined ? undefined : readPackage(text).version
    }),
  )
  return after !== undefined && after !== before ? after : checkout.short(to, signal)
}
