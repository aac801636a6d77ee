import type { Tell } from '../secret.ts'
import { look } from './alertmanager.ts'
import { type Sight, seen } from './incident.ts'
import type { Ledger } from './ledger.ts'
import { type State, stateTold, wordsOf } from './state.ts'

interface Options {
  readonly ledger: Ledger
  readonly ledgerState: State
  readonly alertmanagerUrl: string
  /** Milliseconds between two looks. */
  readonly pollMs: number
  /** Milliseconds that an alert must be gone, and Alertmanager have been up, before the alert is over. */
  readonly settleMs: number
  readonly tell: Tell
}

/** Looks at Alertmanager again and again until it is stopped, one look after the other. */
export interface Watch {
  /** What it told last, however long ago. */
  sight(): Sight | undefined
  /** Whether it answered the last time. */
  works(): boolean
  stop(): Promise<void>
}

export const watchAlertmanager = (options: Options): Watch => {
  const { pollMs, alertmanagerUrl, tell } = options
  const alertmanager = stateTold(tell)
  let sight: Sight | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const lookOnce = async () => {
    try {
      sight = await look(alertmanagerUrl)
      alertmanager.good('Alertmanager tells its alerts and silences again')
    } catch (failure) {
      alertmanager.bad(
        `could not read from Alertmanager: ${wordsOf(failure)}. Check ALERTMANAGER_URL, and that it runs`,
      )
      return
    }
    await record(sight, options)
  }
  const begin = (): Promise<void> =>
    lookOnce().then(() => {
      if (!stopped) timer = setTimeout(() => (under = begin()), pollMs)
    })
  let under = begin()
  return {
    sight: () => sight,
    works: alertmanager.works,
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await under
    },
  }
}

const record = async (sight: Sight, { ledger, ledgerState, settleMs }: Options) => {
  try {
    const kept = await ledger.change((book) =>
      book.live().flatMap((incident) => {
        const next = seen(incident, sight, settleMs)
        return next === incident ? [] : [next]
      }),
    )
    if (kept) ledgerState.good('incidents are kept again')
  } catch (failure) {
    // The next look tells the same, and what came of it meanwhile.
    ledgerState.bad(`could not keep what Alertmanager told: ${wordsOf(failure)}`)
  }
}
