import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { password } from '../prove/ladder/addresses.ts'
import { about, type Climb, climb } from '../prove/ladder/climb.ts'
import { countedIn, miscounts, tallyOf } from '../prove/ladder/count.ts'
import { judge } from '../prove/ladder/judge.ts'
import { responseOf } from '../prove/ladder/law.ts'
import { paceOf } from '../prove/ladder/pace.ts'
import { patienceOf } from '../prove/ladder/patience.ts'
import { programsOf } from '../prove/ladder/programs.ts'
import { openStand, type Stand } from '../prove/ladder/stand.ts'
import { labelsOf, openSubjects, type Subject, shared } from '../prove/ladder/subjects.ts'
import { type Receivers, startReceivers } from './receivers.ts'
import { eventually, workshop } from './servers.ts'

// The whole of it is `npm run prove -- ladder` and `npm run prove -- kills`.

/** An hour is twelve seconds. */
const pace = paceOf(300)
const shop = workshop()
const ends: (() => Promise<unknown>)[] = [shop.end]
let receivers: Receivers
let subjects: readonly Subject[]
let stand: Stand

beforeAll(async () => {
  receivers = await startReceivers({ password })
  ends.push(receivers.close)
  const opened = await openSubjects(shop, 'critical')
  ends.push(opened.end)
  subjects = opened.subjects
  stand = await openStand({
    shop,
    name: 'stand',
    programs: await programsOf('2'),
    pace,
    receivers,
    scraped: opened.scraped,
    alerts: subjects.map(({ alert }) => alert),
  })
}, 60_000)

afterAll(async () => {
  for (const end of ends.toReversed()) await end()
}, 30_000)

/** Between the first notification and the reminder. */
const killed = async () => {
  const [subject] = subjects
  if (!subject) throw new Error('there is no subject')
  const [alert] = await eventually(
    () => stand.active(labelsOf(subject)),
    (found) => found.length > 0,
  )
  await delay((alert?.startsAt ?? 0) + 0.4 * responseOf(pace, subject.alert) - Date.now())
  const from = Date.now()
  await stand.alertmanager.kill()
  await stand.alertmanager.start()
  return { from, until: Date.now(), judge: false, forgets: false }
}

test('who is told of a critical alert, when, and of what, when Alertmanager is killed meanwhile', async () => {
  const [outage, ...climbs] = await Promise.all([
    killed(),
    ...subjects.map((one): Promise<Climb> => climb({ stand, receivers, pace }, shared(one, 1))),
  ])
  // Other tests run beside this one.
  const patience = patienceOf(pace, stand.interval, { machine: 4000 })
  for (const one of climbs) {
    expect(judge(one, about(receivers, one), { pace, patience, outage, mayRepeat: true }).faults).toEqual([])
  }
  const counts = await eventually(
    async () => miscounts(countedIn(await stand.counters()), tallyOf(pace, climbs)),
    (faults) => faults.length === 0,
    { within: 10_000 },
  )
  expect(counts).toEqual([])
}, 60_000)
