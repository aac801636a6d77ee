import type { Alert } from '../../alerts/alert.ts'
import { everyAlert } from '../promtool/case.ts'
import { factor } from './alerts/compress.ts'
import type { Scene } from './alerts/provocation.ts'
import { type Outcome, played } from './alerts/provoke.ts'
import { scenes } from './alerts/scenes.ts'
import type { Proof } from './proof.ts'

/** Of all alerts so many, at least, are provoked. */
const promised = 0.9

const adjustmentOf = (scene: Scene, alert: Alert) => {
  const found = scene.adjusted.find((one) => one.alert.id === alert.id)
  if (!found) return '–'
  const numbers = Object.entries(found.numbers ?? {}).map(([from, to]) => `${from} is ${to}`)
  return `${[...(found.threshold ? [found.threshold] : []), ...numbers].join(', ')}: ${found.why}`
}

const rowOf = (scene: Scene, { alert, fault, notified, resolved, drawn }: Outcome) => [
  alert.id,
  fault,
  adjustmentOf(scene, alert),
  notified?.toFixed(1) ?? '–',
  resolved?.toFixed(1) ?? '–',
  drawn ? 'yes' : 'no',
]

const missing = (scene: Scene, outcomes: readonly Outcome[]) =>
  scene.alerts
    .filter(({ id }) => scene.unprovoked[id] === undefined && !outcomes.some(({ alert }) => alert.id === id))
    .map(({ id }) => `${id} of ${scene.name} is neither provoked nor said not to be`)

/** Said not to be provoked, and it is; or no alert of the scene. */
const stale = ({ name, alerts, unprovoked }: Scene, provoked: ReadonlySet<string>) =>
  Object.keys(unprovoked)
    .filter((id) => provoked.has(id) || !alerts.some((alert) => alert.id === id))
    .map((id) => `${id} of ${name} is said not to be provoked, wrongly`)

const isIn = (chosen: readonly Scene[], id: string) =>
  chosen.some(({ alerts }) => alerts.some((alert) => alert.id === id))

/** A scene waits most of its time: so many are played side by side. */
const atOnce = 3

const inTurns = async (chosen: readonly Scene[], play: (scene: Scene) => Promise<void>) => {
  const left = [...chosen]
  const one = async () => {
    for (let next = left.shift(); next; next = left.shift()) await play(next)
  }
  await Promise.all(Array.from({ length: atOnce }, one))
}

/** Every alert, brought about on real servers. */
export const alertsProof: Proof = {
  title: 'Every alert, provoked on real servers',
  says:
    `Each fault is brought about on real servers, judged by a real Prometheus with the rules as they are generated, told to a receiver by a real Alertmanager, and ended. Times pass faster: each delay (\`for\`) is divided by ${factor}, and is a second at least; targets are scraped and rules evaluated once a second. Ranges, offsets and \`keep_firing_for\` are divided by ${factor} too, up to an hour; beyond, they are squeezed, in their order, to a minute times the hours to the power of 0.4 (a day is 214 s, a week 466 s, thirty days 834 s), and a range is four seconds at least. ` +
    'What is judged otherwise stands beside it, with the reason; so does why an alert is not provoked. It would be a fault if an alert fired before its fault, when all was usual, did not fire after it, or was not resolved after its end. ' +
    'Seconds are counted from the beginning of the fault to the notification, and from the beginning of its end to that of the resolution. In the end the panel of each alert is drawn from what that Prometheus has seen, with ranges as short as those of the rules: one without data is a fault; a picture of each scene is written to .local/pictures/alerts.',
  columns: [
    'alert',
    'fault',
    'judged otherwise, or not provoked: why',
    'notified after, s',
    'resolved after, s',
    'its panel has data',
  ],
  prove: async (say, [name, matching = ''] = []) => {
    const chosen = scenes.filter((scene) => name === undefined || scene.name === name)
    if (chosen.length === 0) throw new Error(`there is no scene ${name}: ${scenes.map((one) => one.name).join(', ')}`)
    const found = new Map<Scene, readonly Outcome[]>()
    const broken: string[] = []
    const play = async (scene: Scene) => {
      say(`${scene.name}: ${scene.alerts.length} alerts`)
      try {
        found.set(scene, await played(scene, say, new RegExp(matching)))
      } catch (error) {
        // What the other scenes find still counts.
        broken.push(`${scene.name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    for (const scene of chosen.filter(({ alone }) => alone)) await play(scene)
    await inTurns(
      chosen.filter(({ alone }) => !alone),
      play,
    )
    const told = chosen.map((scene) => ({ scene, outcomes: found.get(scene) ?? [] }))
    const provoked = new Set(
      told.flatMap(({ outcomes }) => outcomes.flatMap(({ alert, failed }) => (failed ? [] : [alert.id]))),
    )
    const share = provoked.size / everyAlert.length
    say(`${provoked.size} of ${everyAlert.length} alerts provoked, ${(share * 100).toFixed(1)} %`)
    const parts = told.map(({ scene, outcomes }) => ({
      name: scene.name,
      rows: [
        ...outcomes.map((outcome) => rowOf(scene, outcome)),
        ...Object.entries(scene.unprovoked).map(([id, why]) => [id, 'not provoked', why, '–', '–', '–']),
      ],
      faults: [
        ...stale(scene, provoked),
        ...outcomes.flatMap(({ alert, fault, failed }) => (failed ? [`${alert.id}: ${fault}: ${failed}`] : [])),
        ...outcomes.flatMap(({ alert, drawn }) => (drawn ? [] : [`${alert.id}: its panel shows nothing`])),
        ...(matching === '' ? missing(scene, outcomes) : []),
      ],
    }))
    const isWhole = name === undefined && matching === ''
    return {
      rows: parts.flatMap(({ rows }) => rows),
      faults: [
        ...broken,
        ...parts.flatMap(({ faults }) => faults),
        ...(isWhole ? everyAlert.filter(({ id }) => !isIn(chosen, id)).map(({ id }) => `${id} is in no scene`) : []),
        ...(isWhole && share < promised ? [`fewer than ${promised * 100} % of all alerts were provoked`] : []),
      ],
      ...(matching === '' && { parts }),
    }
  },
}
