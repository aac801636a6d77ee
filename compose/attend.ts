import { once } from 'node:events'
import { followPages } from './pages.ts'
import { type Row, summary } from './summary.ts'
import { settle } from './watch.ts'

/** Two scrape intervals and the five seconds in which Prometheus finds its targets. */
const settleWithin = 60_000

interface Attended {
  readonly prometheus: string
  /** Who evaluates the rules, where it is not that Prometheus. */
  readonly evaluating?: string | undefined
  readonly pager?: string | undefined
  /** Asked when the first scrapes are through. */
  readonly rows: () => Promise<readonly Row[]> | readonly Row[]
  readonly notes: readonly string[]
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** Says what runs where once it is watched, and then shows every page as it arrives, until the signal. */
export const attend = async ({ prometheus, evaluating, pager, rows, notes, say, signal }: Attended): Promise<void> => {
  say('Waiting for the first scrapes ...')
  const { states, faults } = await settle(prometheus, { within: settleWithin, signal, evaluating })
  say([summary(await rows(), states, faults), ...notes].join('\n'))
  if (pager) await followPages(pager, say, signal)
  else if (!signal.aborted) await once(signal, 'abort')
}
