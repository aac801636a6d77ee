import { severities } from '../../config/sla.ts'
import { bundleOurs } from '../bench/contestants.ts'
import { workshop } from '../integration/servers.ts'
import { diceOf } from './dice.ts'
import { imagined } from './incidents/play.ts'
import { run, type Setting } from './incidents/run.ts'
import { scenesOf } from './incidents/scenes.ts'
import type { Scene } from './incidents/script.ts'
import { clear, incidentsOf } from './incidents/tally.ts'
import type { Proof } from './proof.ts'

interface Extent {
  readonly incidents: number
  /** Seconds in which all of it happens. */
  readonly span: number
  /** How often the recorder is killed, or ended, meanwhile. */
  readonly restarts: number
  /** Milliseconds that an alert must be gone before the recorder takes it for over. */
  readonly settleMs: number
}

const many = 1_000
const span = 180
const whole: Extent = { incidents: many, span, restarts: 9, settleMs: 12_000 }

const settings: readonly Setting[] = [
  { alertmanager: 'alertmanager', ledger: 'file' },
  { alertmanager: 'alertmanager', ledger: 'PostgreSQL' },
  { alertmanager: 'alertmanager-0.3', ledger: 'file' },
  { alertmanager: 'alertmanager-0.3', ledger: 'PostgreSQL' },
]

const none = { notify: 0, moment: 0, find: 0 }
const countOf = (scene: Scene) => incidentsOf(imagined(scene), none).length

/** Incidents that one throw of the dice invents, played to each Alertmanager; they keep the recorder busy side by side. */
export const simulated = async (
  chosen: readonly Setting[],
  { incidents, span: seconds, restarts, settleMs }: Extent,
  seed: number,
) => {
  const shop = workshop()
  try {
    const scenes = scenesOf(diceOf(seed), { incidents, span: seconds }, countOf)
    const bundle = await bundleOurs(new URL('incidents/recorder-child.ts', import.meta.url))
    const runs = chosen.map(async (setting, place) => {
      // Not all at the same time.
      const moments = Array.from({ length: restarts }, (_, i) => ((i + (place + 1) / 5) * seconds) / restarts)
      return {
        ...setting,
        ...(await run(shop, { ...setting, bundle, scenes, seed: seed + place, restarts: moments, settleMs })),
      }
    })
    // What fails is told when nothing goes on any more.
    await Promise.allSettled(runs)
    return { scenes, runs: await Promise.all(runs) }
  } finally {
    await shop.end()
  }
}

type Found = Awaited<ReturnType<typeof simulated>>
type Run = Found['runs'][number]

const meanwhile = ({ recorder, deliveries }: Run) => {
  const counts = [...deliveries].toSorted().map(([name, times]) => `${name} ${times}`)
  return `the recorder killed ${recorder.kills} times, ended ${recorder.ends} times; deliveries: ${counts.join(', ')}`
}

const sum = (ways: Run['ways'], of: (way: Run['ways'][number]) => number) => ways.reduce((all, way) => all + of(way), 0)

const rowsOf = (one: Run) => {
  const { ways, version, ledger } = one
  const row = (who: string, some: Run['ways'], words: string) => [
    `${version}, ${ledger}`,
    who,
    ...(['incidents', 'acknowledged', 'resolved', 'met', 'breached'] as const).map((name) =>
      sum(some, (way) => way[name]),
    ),
    `${sum(some, ({ exact }) => exact)}, ${sum(some, ({ near }) => near)}`,
    words,
  ]
  return [...ways.map((way) => row(`${way.severity}, ${way.owner}`, [way], '')), row('all', ways, meanwhile(one))]
}

const kindsOf = (scenes: readonly Scene[]) => {
  const kinds = [...new Set(scenes.map(({ kind }) => kind))].toSorted()
  return kinds
    .map((kind) => {
      const some = scenes.filter((scene) => scene.kind === kind)
      return `${kind}: ${some.length} (${some.reduce((all, scene) => all + countOf(scene), 0)})`
    })
    .join('; ')
}

export const incidentsProof: Proof = {
  title: 'A thousand incidents, counted by the recorder and by a tally of its own',
  says: `Alerts fire and end, and silences are made, end and are deleted, in a real Alertmanager with the configuration as it is generated, told
by its API as Prometheus and amtool tell it, in ${span} s. It posts its notifications to a line that passes half of them on at once, refuses some with 503, loses the answers of
others, passes some on a second time seconds later and holds others back until later ones have passed. Behind it the recorder of incidents is
killed (SIGKILL) and ended again and again. Nothing is compressed of what is promised: the response times are those of \`config/sla.ts\`
(${Object.entries(severities)
    .map(([name, { respondWithinHours }]) => `${name} ${respondWithinHours} h`)
    .join(
      ', ',
    )}), and alerts have fired for as long as it takes when Alertmanager hears of them: of some the response time has long
run out, of some it has long to go, of some it runs out meanwhile, ${clear / 1000} s or more away from what decides. A tally that knows only what was played, and nothing of the
recorder, says what has to be counted. It would be a fault if for any severity and team the recorder counted another number of incidents,
acknowledged, resolved, in time or too late; if a bucket held another number than the tally allows (exactly that, but where a moment is
nearer to its bound than can be known: 1.5 s, 15 s for the end of what was silenced, 30 s for a notification); if a counter ever fell; or if anything were still open at the end.`,
  columns: [
    'Alertmanager, kept in',
    'severity, team',
    'incidents',
    'acknowledged',
    'resolved',
    'in time',
    'too late',
    'buckets with exactly so many, and with about so many',
    'meanwhile',
  ],
  prove: async (say, [seed = '20261126'] = []) => {
    const { scenes, runs } = await simulated(settings, whole, Number(seed))
    say(`${scenes.length} scenes: ${kindsOf(scenes)}`)
    for (const one of runs) say(`${one.version}, ${one.ledger}: ${meanwhile(one)}`)
    return {
      rows: [...runs.flatMap(rowsOf), ['what was played', kindsOf(scenes), '', '', '', '', '', '', `seed ${seed}`]],
      faults: runs.flatMap(({ version, ledger, faults }) => faults.map((fault) => `${version}, ${ledger}: ${fault}`)),
    }
  },
}
