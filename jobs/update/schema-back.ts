import { wordsOf } from '../../exporters/failure.ts'
import { type At, script } from './doing.ts'
import { readPackage } from './npm.ts'
import { appliedSince, differences, type Reading } from './schema.ts'
import type { Stand } from './stand.ts'
import type { State } from './state.ts'

/** What is in the schema now and does not fit the code before. */
export const schemaFaults = async ({ keeping, reading }: Stand, signal: AbortSignal): Promise<readonly string[]> =>
  differences((await keeping.before())?.schema ?? {}, (await reading(signal)).schema)

interface Back extends At {
  readonly note: (more: Partial<State>) => Promise<void>
}

/** Migrations of one update, at most: a way back that takes none back must not be tried for ever. */
const most = 50

/**
 * Takes the schema back, where it has changed, by the migration's own way back.
 *
 * That takes back whatever was applied last: once too often, and it takes back what was there before the update, with what
 * people have put there. So it is run only as long as the tool says that it has applied something since; where no tool is
 * known, once, and only where the migration came to its end.
 * @returns what could not be taken back
 */
export const schemaBack = async (back: Back): Promise<readonly string[]> => {
  const { stand, run } = back
  const before = (await stand.keeping.before()) ?? { schema: {} }
  let state = back.state
  let now = await stand.reading(run.signal)
  for (let times = 0; times < most; times += 1) {
    const found = differences(before.schema, now.schema)
    if (found.length === 0) return []
    const why = await whyNot({ ...back, state }, before, now)
    if (why !== undefined) {
      run.failure(`the schema has changed, and is left as it is: ${why}`)
      return found
    }
    run.step(`npm run ${stand.settings.schema.rollback}, as the schema has changed: ${found.slice(0, 5).join(', ')}`)
    state = { ...state, rollbackBegun: true }
    await back.note({ rollbackBegun: true })
    const failed = await tried(back)
    const then = now
    now = await stand.reading(run.signal)
    const stuck = appliedSince(before, now) === appliedSince(before, then)
    if (failed !== undefined || (stuck && differences(before.schema, now.schema).length > 0)) {
      run.failure(failed ?? `npm run ${stand.settings.schema.rollback} did not take all of it back`)
      return differences(before.schema, now.schema)
    }
  }
  return differences(before.schema, now.schema)
}

/** Why the way back must not be run, or not once more. */
const whyNot = async ({ stand, state, run }: Back, before: Reading, now: Reading): Promise<string | undefined> => {
  const { rollback } = stand.settings.schema
  if (rollback === undefined) return 'config/update.ts names no script that takes it back'
  const text = await stand.checkout.content(state.to, 'package.json', run.signal)
  if (text === undefined || !readPackage(text).scripts.includes(rollback))
    return `package.json has no script ${rollback}`
  const since = appliedSince(before, now)
  if (since === 0)
    return `${now.applied?.table} has nothing that was applied since, so ${rollback} would take back what was there before`
  if (since !== undefined) return undefined
  const unknown = 'no table is known in which the tool keeps what it has applied (set it in config/update.ts)'
  if (state.migrated !== true) return `the migration did not come to its end, and ${unknown}`
  return state.rollbackBegun ? `${rollback} was begun already, and ${unknown}` : undefined
}

const tried = async (back: Back): Promise<string | undefined> => {
  const { stand, run } = back
  try {
    await script(back, stand.settings.schema.rollback ?? '')
    return undefined
  } catch (cause) {
    run.signal.throwIfAborted()
    return wordsOf(cause)
  }
}
