import type { Alert } from '../../../alerts/alert.ts'
import { eventually, workshop } from '../../integration/servers.ts'
import type { Expected, Provocation, Scene, Watch } from './provocation.ts'
import { rulesFor, startWatch } from './watch.ts'

/** What became of an alert that was provoked. */
export interface Outcome {
  readonly alert: Alert
  readonly fault: string
  /** Seconds from the fault to the notification, and from its end to that of the resolution. */
  readonly notified?: number
  readonly resolved?: number
  /** What went wrong, in which case it is not proven. */
  readonly failed?: string
}

const usualPatience = 120

const reaches = async (watch: Watch, expected: Expected, status: 'firing' | 'resolved', patience: number) => {
  const began = performance.now()
  await eventually(
    () => watch.told(expected),
    (told) => told === status,
    { within: patience * 1000, every: 100 },
  )
  return (performance.now() - began) / 1000
}

const wordsOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').slice(0, 300)

const outcomesOf = async (watch: Watch, { fault, fires, bring, end, patience = usualPatience }: Provocation) => {
  const early = fires.filter((expected) => watch.told(expected) === 'firing')
  const after = async (status: 'firing' | 'resolved', one: Expected) =>
    reaches(watch, one, status, patience).then(
      (seconds) => ({ seconds }),
      () => ({ failed: `not ${status} within ${patience} s` }),
    )
  const brought = await bring().then(
    () => undefined,
    (error: unknown) => `could not be brought about: ${wordsOf(error)}`,
  )
  const notified = await Promise.all(fires.map((one) => after('firing', one)))
  const ended = await end().then(
    () => undefined,
    (error: unknown) => `could not be ended: ${wordsOf(error)}`,
  )
  const resolved = await Promise.all(
    fires.map((one, i) => ('seconds' in (notified[i] ?? {}) ? after('resolved', one) : { failed: 'never fired' })),
  )
  return fires.map((expected, i): Outcome => {
    const [told, over] = [notified[i], resolved[i]]
    const failed =
      (early.includes(expected) ? 'fired before the fault' : undefined) ??
      brought ??
      (told && 'failed' in told ? told.failed : undefined) ??
      ended ??
      (over && 'failed' in over ? over.failed : undefined)
    return {
      alert: expected.alert,
      fault,
      ...(told && 'seconds' in told && { notified: told.seconds }),
      ...(over && 'seconds' in over && { resolved: over.seconds }),
      ...(failed !== undefined && { failed }),
    }
  })
}

/** Brings about every fault of a scene, or those whose words match, and tells what came of each as it comes. */
export const played = async (
  scene: Scene,
  say: (line: string) => void,
  matching = /(?:)/,
): Promise<readonly Outcome[]> => {
  const shop = workshop()
  const found: Outcome[] = []
  try {
    const stage = await scene.open(shop)
    const watch = await startWatch(shop, rulesFor(scene.alerts, scene.adjusted), stage.scraped)
    try {
      await watch.ready()
      const lane = async (provocations: readonly Provocation[]) => {
        for (const one of provocations.filter(({ fault, fires }) =>
          matching.test([fault, ...fires.map(({ alert }) => alert.id)].join()),
        )) {
          for (const outcome of await outcomesOf(watch, one)) {
            found.push(outcome)
            const { alert, fault, notified, resolved, failed } = outcome
            say(`${alert.id}: ${fault}: ${failed ?? `${notified?.toFixed(1)} s, resolved ${resolved?.toFixed(1)} s`}`)
          }
        }
      }
      await Promise.all(stage.lanes(watch).map(lane))
    } finally {
      watch.end()
      await stage.end?.()
    }
  } finally {
    await shop.end()
  }
  return found
}
