import { wordsOf } from '../failure.ts'
import type { Tell } from '../secret.ts'
import { look } from './alertmanager.ts'
import { type Sight, seen } from './incident.ts'
import type { Keeper } from './keeping.ts'
import type { Decide } from './ledger.ts'
import { stateTold } from './state.ts'

interface Options {
  readonly keeper: Keeper
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
  const { keeper, pollMs, settleMs, alertmanagerUrl, tell } = options
  const alertmanager = stateTold(tell)
  let sight: Sight | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const lookOnce = async () => {
    try {
      sight = await look(alertmanagerUrl)
      alertmanager.good('Alertmanager tells its alerts and silences again')
      return sight
    } catch (failure) {
      alertmanager.bad(
        `could not read from Alertmanager: ${wordsOf(failure)}. Check ALERTMANAGER_URL, and that it runs`,
      )
      return undefined
    }
  }
  const turn = async () => {
    const seenNow = await lookOnce()
    // What could not be kept, the next look tells again, and what came of it meanwhile.
    if (!seenNow || (await keeper.change(changesOf(seenNow, settleMs)))) await keeper.retry()
  }
  const begin = (): Promise<void> =>
    turn().then(() => {
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

const changesOf =
  (sight: Sight, settleMs: number): Decide =>
  (book) =>
    book.live().flatMap((incident) => {
      const next = seen(incident, sight, settleMs)
      return next === incident ? [] : [next]
    })
