import { rebootRequired, updatesPending } from '../../exporters/jobs/security.ts'
import { type PendingUpdates, pendingUpdates, type UpdateSource } from '../security-update/pending.ts'
import type { Check, Finding, Seen } from './check.ts'
import { together } from './check.ts'

interface Options {
  /** Of the application: API_DIR. */
  readonly folder: string | undefined
  readonly seconds: number
  readonly pending?: (signal: AbortSignal) => Promise<PendingUpdates>
}

/** Security updates that wait, of the system and of the application's packages. */
export const updates = ({ folder, seconds, pending }: Options): Check => {
  const ask = pending ?? ((signal: AbortSignal) => pendingUpdates({ folder, seconds, signal }))
  const look: Check['look'] = async ({ signal }) => {
    const found = await ask(signal)
    const reboot: Finding = {
      what: 'the machine waits for a restart since an update',
      remedy: 'restart it when few are there',
    }
    return together([
      ofSource('system', found),
      ofSource('npm', found),
      {
        findings: found.rebootRequired ? [reboot] : [],
        failures: [],
        notes: [],
        samples: [rebootRequired.sample(found.rebootRequired ? 1 : 0)],
      },
    ])
  }
  return {
    name: 'updates',
    subjects: [
      'security updates of the system that wait, by apt',
      `and of npm, in ${folder ?? 'no folder, as API_DIR is not set'}`,
    ],
    look,
  }
}

const ofSource = (source: UpdateSource, { [source]: pending }: PendingUpdates): Seen => {
  const nothing = { findings: [], failures: [], notes: [], samples: [] }
  if (pending.state === 'absent') return { ...nothing, notes: [`${source}: ${pending.why}`] }
  if (pending.state === 'unknown') return { ...nothing, failures: [`${source}: ${pending.why}`] }
  return {
    ...nothing,
    findings: pending.updates.map(({ words }) => ({
      what: `a security update of ${source} waits: ${words}`,
      remedy: 'npm run job -- security-update, once config/jobs.ts switches it on',
    })),
    notes: [`${source}: ${pending.updates.length} security updates wait`],
    samples: [updatesPending.sample(pending.updates.length, { source })],
  }
}
