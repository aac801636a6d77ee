import type { Report } from './ending-client.ts'
import { type Ended, type Found, type Framework, linesIn, type Stand, statusesOf, unwritten } from './stand.ts'

const connections = 32
/** Milliseconds that the exit may take longer with us than without: the log is written to the disk itself. */
export const mostDelay = 500

interface Run {
  readonly report: Report
  readonly ended: Ended
  /** From the signal. */
  readonly milliseconds: number
  /** Answered, and not in the log. */
  readonly unwritten: number
  /** In the log, and not answered: the handler was at work. */
  readonly begunAndCut: number
}

interface Options {
  readonly framework: Framework
  readonly graceful: boolean
  /** With us and without in turns: the moment is a matter of chance. */
  readonly times: number
  /** Answers before the signal. */
  readonly before: number
}

const one = async (stand: Stand, { framework, graceful, before }: Options, instrumented: boolean): Promise<Run> => {
  const app = await stand.start({ framework, instrumented, graceful, goesOn: false })
  const load = await stand.begin({ port: app.port, connections, tellAfter: before })
  const at = performance.now()
  app.kill('SIGTERM')
  const ended = await app.ended
  const report = await load.report
  const lines = instrumented ? linesIn(app.folder, 'combined') : []
  const written = new Set(lines.map(({ sequence }) => sequence))
  return {
    report,
    ended,
    milliseconds: ended.at - at,
    unwritten: instrumented ? unwritten(report, lines).length : 0,
    begunAndCut: report.cut.filter((number) => written.has(number)).length,
  }
}

const sum = (runs: readonly Run[], of: (run: Run) => number) => runs.reduce((total, run) => total + of(run), 0)
const longest = (runs: readonly Run[]) => Math.max(...runs.map(({ milliseconds }) => milliseconds))
const endsOf = (runs: readonly Run[]) =>
  [...new Set(runs.map(({ ended: { code, signal } }) => String(signal ?? `exit ${code}`)))].join(', ')
const kindsOf = (runs: readonly Run[]) =>
  new Set(runs.flatMap(({ report }) => [...statusesOf(report).map(String), ...(report.refused > 0 ? ['refused'] : [])]))

const rowOf = (runs: readonly Run[], { framework, graceful, times }: Options, by: string): Found['row'] => [
  `SIGTERM under load, ${graceful ? 'closes' : 'no handler'}, ${times} times`,
  `${framework}, ${by}`,
  sum(runs, ({ report }) => report.answered.length),
  sum(runs, ({ report }) => report.cut.length),
  sum(runs, ({ report }) => report.refused),
  endsOf(runs),
  longest(runs).toFixed(0),
  by === 'bare' ? '–' : sum(runs, (run) => run.unwritten),
  `statuses ${[...kindsOf(runs)].filter((kind) => kind !== 'refused').join(', ')}${by === 'bare' ? '' : `; ${sum(runs, (run) => run.begunAndCut)} of those cut had reached the handler`}`,
]

/** Both applications are ended under load; what differs is a fault. */
export const sigterm = async (stand: Stand, options: Options): Promise<readonly Found[]> => {
  const bare: Run[] = []
  const ours: Run[] = []
  for (let time = 0; time < options.times; time += 1) {
    bare.push(await one(stand, options, false))
    ours.push(await one(stand, options, true))
  }
  const strange = [...kindsOf(ours)].filter((kind) => !kindsOf(bare).has(kind))
  const lost = sum(ours, (run) => run.unwritten)
  const begunAndCut = sum(ours, (run) => run.begunAndCut)
  const cutBare = sum(bare, ({ report }) => report.cut.length)
  const cutOurs = sum(ours, ({ report }) => report.cut.length)
  // One that comes at the moment at which Node closes an idle connection; without a handler one that is under way, and one
  // more on a connection that the system took for a process that was gone.
  const mostCut = (options.graceful ? 1 : 2) * options.times * connections
  const faults = [
    ...(endsOf(ours) === endsOf(bare) ? [] : [`ended by ${endsOf(ours)}, and without us by ${endsOf(bare)}`]),
    ...strange.map((kind) => `clients got ${kind}, which they do not without us`),
    ...(lost === 0 ? [] : [`${lost} requests were answered and have no line in the log`]),
    ...(cutOurs <= mostCut ? [] : [`${cutOurs} requests were cut, ${cutBare} without us`]),
    ...(options.graceful && begunAndCut > 0 ? [`${begunAndCut} requests were begun and not answered`] : []),
    ...(longest(ours) - longest(bare) < mostDelay
      ? []
      : [`the exit took ${longest(ours).toFixed(0)} ms, ${longest(bare).toFixed(0)} without us`]),
    ...[...bare, ...ours].flatMap(({ report }) => report.wrong.slice(0, 1).map((wrong) => `a wrong answer: ${wrong}`)),
  ]
  return [
    { row: rowOf(bare, options, 'bare'), faults: [] },
    {
      row: rowOf(ours, options, 'instrumented'),
      faults: faults.map((fault) => `${options.framework}, SIGTERM: ${fault}`),
    },
  ]
}
