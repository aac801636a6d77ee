import { setTimeout as delay } from 'node:timers/promises'
import type { Alert } from '../../../alerts/alert.ts'
import { workshop } from '../../integration/servers.ts'
import { drawn } from './drawn.ts'
import type { Expected, Provocation, Scene, Watch } from './provocation.ts'
import { rulesFor, startWatch } from './watch.ts'

/** What became of an alert that was provoked. */
export interface Outcome {
  readonly alert: Alert
  readonly fault: string
  /** Seconds from the fault to the notification, and from its end to that of the resolution. */
  readonly notified?: number
  readonly resolved?: number
  /** Whether its panel showed what it judges. */
  readonly drawn?: boolean
  /** What went wrong, in which case it is not proven. */
  readonly failed?: string
}

const usualPatience = 120

/** When something that takes its time was done; until then it is not known. */
interface Done {
  at?: number
}

type Arrival = { readonly seconds: number } | { readonly failed: string }

const now = () => performance.now() / 1000

/** How long after `began` this is told: while what brings it about is done, and then for so long as one is patient. */
const arrival = async (
  watch: Watch,
  expected: Expected,
  status: 'firing' | 'resolved',
  { began, done, patience }: { readonly began: number; readonly done: Done; readonly patience: number },
): Promise<Arrival> => {
  if (status === 'resolved' && watch.told(expected) === undefined) return { failed: 'never fired' }
  while (watch.told(expected) !== status) {
    if (done.at !== undefined && now() > done.at + patience) return { failed: `not ${status} within ${patience} s` }
    await delay(100)
  }
  return { seconds: now() - began }
}

const wordsOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').slice(0, 300)

/** What is done, and meanwhile and afterwards who is told. */
const watched = async (
  watch: Watch,
  act: () => Promise<unknown>,
  { fires, patience = usualPatience }: Provocation,
  status: 'firing' | 'resolved',
) => {
  const [began, done]: [number, Done] = [now(), {}]
  const acting = act()
    .then(
      () => undefined,
      (error: unknown) => wordsOf(error),
    )
    .finally(() => {
      done.at = now()
    })
  const arrivals = await Promise.all(fires.map((one) => arrival(watch, one, status, { began, done, patience })))
  return { arrivals, failed: await acting }
}

const failureOf = (arrival: Arrival | undefined) => (arrival && 'failed' in arrival ? arrival.failed : undefined)

const outcomesOf = async (watch: Watch, provocation: Provocation): Promise<readonly Outcome[]> => {
  const { fault, fires, before, bring, end } = provocation
  const unready = await before?.().then(
    () => undefined,
    (error: unknown) => `what is usual was not: ${wordsOf(error)}`,
  )
  const early = new Set(fires.filter((expected) => watch.told(expected) === 'firing'))
  const brought = await watched(watch, bring, provocation, 'firing')
  const ended = await watched(watch, end, provocation, 'resolved')
  return fires.map((expected, i): Outcome => {
    const [told, over] = [brought.arrivals[i], ended.arrivals[i]]
    const failed =
      unready ??
      (early.has(expected) ? 'fired before the fault' : undefined) ??
      (brought.failed && `could not be brought about: ${brought.failed}`) ??
      failureOf(told) ??
      (ended.failed && `could not be ended: ${ended.failed}`) ??
      failureOf(over)
    return {
      alert: expected.alert,
      fault,
      ...(told && 'seconds' in told && { notified: told.seconds }),
      ...(over && 'seconds' in over && { resolved: over.seconds }),
      ...(failed !== undefined && { failed }),
    }
  })
}

const isMatch = ({ fault, fires }: Provocation, matching: RegExp) =>
  matching.test([fault, ...fires.map(({ alert }) => alert.id)].join())

const lineOf = ({ alert, fault, notified, resolved, failed }: Outcome) =>
  `${alert.id}: ${fault}: ${failed ?? `${notified?.toFixed(1)} s, resolved ${resolved?.toFixed(1)} s`}`

/** Brings about every fault of a scene, or those whose words match, and tells what came of each as it comes. */
export const played = async (
  scene: Scene,
  say: (line: string) => void,
  matching = /(?:)/,
): Promise<readonly Outcome[]> => {
  const shop = workshop()
  const found: Outcome[] = []
  let shown: ReadonlySet<string> = new Set()
  try {
    const stage = await scene.open(shop)
    try {
      const watch = await startWatch(shop, rulesFor(scene.alerts, scene.adjusted), stage.scraped)
      try {
        await watch.ready()
        const began = Date.now()
        const lane = async (provocations: readonly Provocation[]) => {
          for (const one of provocations.filter((provocation) => isMatch(provocation, matching))) {
            for (const outcome of await outcomesOf(watch, one)) {
              found.push(outcome)
              say(lineOf(outcome))
            }
          }
        }
        await Promise.all(stage.lanes(watch).map(lane))
        shown = await drawn(scene, watch, began)
      } finally {
        watch.end()
      }
    } finally {
      await stage.end?.()
    }
  } finally {
    await shop.end()
  }
  return found.map((outcome) => ({ ...outcome, drawn: shown.has(outcome.alert.id) }))
}
