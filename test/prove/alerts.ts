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

const rowOf = (scene: Scene, { alert, fault, notified, resolved }: Outcome) => [
  alert.id,
  fault,
  adjustmentOf(scene, alert),
  notified?.toFixed(1) ?? '–',
  resolved?.toFixed(1) ?? '–',
]

const missing = (scene: Scene, outcomes: readonly Outcome[]) =>
  scene.alerts
    .filter(({ id }) => scene.unprovoked[id] === undefined && !outcomes.some(({ alert }) => alert.id === id))
    .map(({ id }) => `${id} of ${scene.name} is neither provoked nor said not to be`)

/** Every alert, brought about on real servers. */
export const alertsProof: Proof = {
  title: 'Every alert, provoked on real servers',
  says:
    `Each fault is brought about on real servers, judged by a real Prometheus with the rules as they are generated, told to a receiver by a real Alertmanager, and ended. All times in rules pass ${factor} times faster: ranges, offsets, delays; targets are scraped and rules evaluated once a second. ` +
    'What is judged otherwise stands beside it. It would be a fault if an alert fired before the fault, did not fire after it, or was not resolved after its end. ' +
    'Seconds are from the fault to the notification, and from its end to that of the resolution.',
  columns: ['alert', 'fault', 'judged otherwise', 'notified after, s', 'resolved after, s'],
  prove: async (say, [name, matching = ''] = []) => {
    const rows: (string | number)[][] = []
    const faults: string[] = []
    const provoked = new Set<string>()
    const chosen = scenes.filter((scene) => name === undefined || scene.name === name)
    if (chosen.length === 0) throw new Error(`there is no scene ${name}: ${scenes.map((one) => one.name).join(', ')}`)
    for (const scene of chosen) {
      say(`${scene.name}: ${scene.alerts.length} alerts`)
      const outcomes = await played(scene, say, new RegExp(matching))
      rows.push(...outcomes.map((outcome) => rowOf(scene, outcome)))
      rows.push(...Object.entries(scene.unprovoked).map(([id, why]) => [id, 'not provoked', why, '–', '–']))
      faults.push(
        ...outcomes.flatMap(({ alert, fault, failed }) => (failed ? [`${alert.id}: ${fault}: ${failed}`] : [])),
      )
      if (matching === '') faults.push(...missing(scene, outcomes))
      for (const { alert, failed } of outcomes) if (!failed) provoked.add(alert.id)
    }
    const share = provoked.size / everyAlert.length
    say(`${provoked.size} of ${everyAlert.length} alerts provoked, ${(share * 100).toFixed(1)} %`)
    if (name === undefined && share < promised)
      faults.push(`fewer than ${promised * 100} % of all alerts were provoked`)
    return { rows, faults }
  },
}
