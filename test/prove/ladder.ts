import { severities } from '../../config/sla.ts'
import { namesOf } from '../../metrics/names.ts'
import { type Receivers, startReceivers } from '../integration/receivers.ts'
import { eventually, workshop } from '../integration/servers.ts'
import { password } from './ladder/addresses.ts'
import { about, type Climb, climb } from './ladder/climb.ts'
import { countedIn, miscounts, tallyOf } from './ladder/count.ts'
import { cell, judge } from './ladder/judge.ts'
import { type Course, severityOf, steps } from './ladder/law.ts'
import { leastRange, often, paceOf, restart } from './ladder/pace.ts'
import { patienceOf } from './ladder/patience.ts'
import { generations, type Programs, programsOf } from './ladder/programs.ts'
import { openStand, type Stand } from './ladder/stand.ts'
import { ladderAlerts, openSubjects, type Subject, shared } from './ladder/subjects.ts'
import type { Proof } from './proof.ts'

/** An hour is seven seconds and a half, and 72 are nine minutes. */
const pace = paceOf(480)

type Shop = ReturnType<typeof workshop>

/** The servers of one generation, and what they told. */
interface Watching {
  readonly programs: Programs
  readonly stand: Stand
  readonly receivers: Receivers
}

const open = async (shop: Shop, programs: Programs, receivers: Receivers, scraped: readonly object[]) => {
  const name = `prometheus-${programs.prometheus.version}`
  const stand = await openStand({ shop, name, programs, pace, receivers, scraped, alerts: ladderAlerts })
  return { programs, stand, receivers }
}

const coursesIn: Readonly<Record<Course, string>> = {
  unanswered: 'nobody answers',
  acknowledged: 'acknowledged at a quarter',
  released: 'acknowledged at a quarter, released at three',
}

interface Seen {
  readonly rows: readonly (readonly (string | number)[])[]
  readonly faults: readonly string[]
}

const seen = ({ programs, stand, receivers }: Watching, subject: Subject, went: Climb): Seen => {
  const heard = about(receivers, subject)
  const judged = judge(went, heard, { pace, patience: patienceOf(pace, stand.interval) })
  const seconds = pace.seconds(severities[severityOf(subject.alert)].respondWithinHours * 3600)
  const told = steps.map((step) => cell(judged, step))
  const { alert, fault, course } = subject
  return {
    rows: [[severityOf(alert), `${alert.id}: ${fault}`, coursesIn[course], programs.words, seconds, ...told]],
    faults: judged.faults.map((one) => `${programs.words}: ${one}`),
  }
}

/** What the recorder counted of one severity, once it knows that all is over. */
const miscounted = async ({ programs, stand }: Watching, climbs: readonly Climb[]): Promise<readonly string[]> => {
  const [first] = climbs
  if (!first) return []
  const severity = severityOf(first.alert)
  const wrong = async () =>
    miscounts(countedIn(await stand.counters()), tallyOf(pace, climbs)).filter((fault) => fault.includes(severity))
  const still = await eventually(wrong, (faults) => faults.length === 0, { within: 20_000, every: 250 }).catch(wrong)
  return still.map((fault) => `${programs.words}: ${fault}`)
}

/** All incidents of one severity, on the servers of every generation. */
const climbed = async (
  watching: readonly Watching[],
  subjects: readonly Subject[],
  say: (line: string) => void,
): Promise<readonly Seen[]> => {
  const watched = subjects.map((subject) => shared(subject, watching.length))
  const found = watching.map(async (one): Promise<readonly Seen[]> => {
    const { stand, receivers } = one
    const went = await Promise.all(watched.map((subject) => climb({ stand, receivers, pace }, subject)))
    const all = went.flatMap((each, i) => {
      const subject = subjects[i]
      return subject ? [seen(one, subject, each)] : []
    })
    for (const row of all.flatMap(({ rows }) => rows)) say(row.join(' | '))
    return [...all, { rows: [], faults: await miscounted(one, went) }]
  })
  return (await Promise.all(found)).flat()
}

/** The ladder of every severity, with its times compressed by one factor, on both generations of the servers side by side. */
export const ladderProof: Proof = {
  title: 'The ladder of every severity, watched on real servers',
  says:
    `For each severity a real fault on a real server is judged by a real Prometheus with the rules as they are generated, told by a real Alertmanager with alertmanager.yml as it is generated, to receivers that read SMTP and HTTP, and recorded by our recorder. Times pass ${pace.factor} times faster, all by that one factor: delays, ranges and response times in the rules, waits, intervals and repeats in the routes, flags, and what the recorder asks and waits for; an hour is ${pace.seconds(3600)} s. ` +
    `Nothing happens more often than every ${often} ms, a range is ${leastRange / 1000} s at least, Redis is scraped every other second and PostgreSQL every fourth, so that a scrape has time enough; when an alert began Prometheus knows in whole seconds, and what a start takes (${restart / 1000} s) is added to how far it looks back, a fourth of that to how soon it tells again what fires. Business hours are always. ` +
    "Three incidents of each: nobody answers; somebody acknowledges it, by a silence through Alertmanager's API, at a quarter of the response time; the silence ends at three quarters. " +
    'It would be a fault if a step did not come by every channel of its receiver, came more than a second and two evaluations before its time, came later than the waits and intervals of its route, three evaluations and a second and a half explain, came twice, came to anybody else, came although it was acknowledged, or lacked what to do, the runbook, the dashboard, the time that is left or over, or who takes over; or if the recorder counted anything but one incident each, in time or not as it was. ' +
    'The response time is in seconds as they passed here, and so is how long after it was due the slowest channel had each step; a resolution is due when the fault ends, a reminder and an escalation that were held back when the silence ends.',
  columns: ['severity', 'alert', 'on-call', 'servers', 'response time, s', ...steps.map((step) => `${step}, s late`)],
  prove: async (say, [only] = []) => {
    const shop = workshop()
    const receivers = await Promise.all(generations.map(() => startReceivers({ password })))
    const ends: (() => Promise<unknown>)[] = receivers.map(({ close }) => close)
    try {
      const subjects = await openSubjects(shop, only)
      ends.push(subjects.end)
      const programs = await Promise.all(generations.map(programsOf))
      const watching = await Promise.all(
        receivers.flatMap((one, i) => {
          const found = programs[i]
          return found ? [open(shop, found, one, subjects.scraped)] : []
        }),
      )
      const bySeverity = namesOf(severities).map((severity) =>
        subjects.subjects.filter(({ alert }) => severityOf(alert) === severity),
      )
      const found = (await Promise.all(bySeverity.map((some) => climbed(watching, some, say)))).flat()
      return { rows: found.flatMap(({ rows }) => rows), faults: found.flatMap(({ faults }) => faults) }
    } finally {
      for (const end of ends.toReversed()) await end()
      await shop.end()
    }
  },
}
