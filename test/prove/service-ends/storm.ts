import { eventually } from '../../integration/servers.ts'
import { sumOf } from '../scraped.ts'
import {
  type Found,
  type Framework,
  type Line,
  linesIn,
  lossesOf,
  type Running,
  type Stand,
  slowest,
  unwritten,
} from './stand.ts'

const mebibyte = 1024 ** 2
/** What may be held more after the storm than before. */
export const mostKept = 5 * mebibyte
/** Of a second, in the log: the first ones, and how many there were besides. */
const linesOfSecond = 51
const rejections = 'process_errors_total{kind="unhandledRejection"}'

const told = ({ message }: Line) => Number(/^Unhandled Rejection: (\d+) more in a second/.exec(message)?.[1] ?? 0)
const isTold = (line: Line) => line.message === 'Unhandled Rejection'

interface Options {
  readonly framework: Framework
  readonly many: number
}

/** The first ones load what the others need. */
const warm = 1_000

const storm = async (stand: Stand, app: Running, many: number, rejected: () => Promise<number>) => {
  await app.ask(`/storm/${warm}`)
  await eventually(rejected, (count) => count === warm, { every: 20 })
  const before = await app.state()
  const load = await stand.begin({ port: app.port, connections: 16, tellAfter: 200 })
  const begun = performance.now()
  await app.ask(`/storm/${many}`)
  await eventually(rejected, (count) => count >= warm + many, { every: 20, within: 300_000 })
  const seconds = (performance.now() - begun) / 1000
  load.stop()
  const report = await load.report
  const after = await app.state()
  return { report, seconds, kept: after.held - before.held }
}

type Stormed = Awaited<ReturnType<typeof storm>>
const rowOf = (
  { many, framework }: Options,
  by: string,
  { report, kept, seconds }: Stormed,
  end: string,
  more: string,
  lost: number | string,
) => [
  `${many.toLocaleString('en')} rejections that nobody handles, in ${seconds.toFixed(1)} s, then an exception that nobody catches`,
  `${framework}, ${by}`,
  report.answered.length,
  report.cut.length,
  report.refused,
  end,
  '–',
  lost,
  `slowest answer ${slowest(report).toFixed(0)} ms, ${(kept / mebibyte).toFixed(1)} MiB more held, ${more}`,
]

/** As it is without us: of Node's own, the first rejection is the end; told to go on, the application does. */
const bare = async (stand: Stand, options: Options): Promise<readonly Found[]> => {
  const { framework } = options
  const nodes = await stand.start({ framework, instrumented: false, graceful: false, goesOn: false })
  await nodes.ask('/storm/1').catch(() => undefined)
  const first = await nodes.ended
  const app = await stand.start({ framework, instrumented: false, graceful: false, goesOn: true })
  const found = await storm(stand, app, options.many, async () => (await app.state()).rejected)
  await app.ask('/explode/now')
  const { code } = await app.ended
  return [
    {
      row: [
        'one rejection that nobody handles',
        `${framework}, bare, as Node has it`,
        '–',
        '–',
        '–',
        `exit ${first.code}`,
        '–',
        '–',
        'with us it goes on, as the handbook has it',
      ],
      faults: first.code === 1 ? [] : [`${framework}: Node ended with ${first.code} after a rejection, and not with 1`],
    },
    { row: rowOf(options, 'bare, told to go on', found, `exit ${code}`, 'nothing counted', '–'), faults: [] },
  ]
}

const ours = async (stand: Stand, options: Options): Promise<Found> => {
  const { framework, many } = options
  const app = await stand.start({ framework, instrumented: true, graceful: false, goesOn: false })
  const rejected = async () => (await app.scrape()).values.get(rejections) ?? 0
  const found = await storm(stand, app, many, rejected)
  const last = await app.scrape()
  await app.ask('/explode/now')
  const { code, signal } = await app.ended
  const lines = linesIn(app.folder, 'combined')
  const [counted, lost] = [last.values.get(rejections), unwritten(found.report, lines)]
  const shown = lines.filter(isTold).length
  const heldBack = lines.reduce((sum, line) => sum + told(line), 0)
  const most = linesOfSecond * (Math.ceil(found.seconds) + 3)
  const all = warm + many
  // The storms and the state were asked for too.
  const requests = found.report.answered.length + 4
  const faults = [
    ...lossesOf(found.report),
    ...(counted === all ? [] : [`${counted} of ${all} rejections were counted`]),
    ...(shown + heldBack === all ? [] : [`${shown} lines and ${heldBack} told of besides are not ${all} rejections`]),
    ...(shown <= most ? [] : [`${shown} lines of the storm, ${most} at most`]),
    ...(found.kept < mostKept ? [] : [`${(found.kept / mebibyte).toFixed(1)} MiB more were held after the storm`]),
    ...(code === 1 ? [] : [`ended by ${signal ?? code}, and not with exit code 1`]),
    ...(lost.length === 0 ? [] : [`${lost.length} requests were answered and have no line in the log`]),
    ...(lines.filter(({ message }) => message === 'Uncaught Exception').length === 1
      ? []
      : ['the log does not tell of the exception']),
    ...(sumOf(last.values, 'http_requests_total') === requests
      ? []
      : [`${sumOf(last.values, 'http_requests_total')} requests counted, ${requests} answered`]),
    ...(last.errors === 0 ? [] : [`${last.errors} faults of the instrumentation`]),
  ]
  const more = `${counted} counted, ${shown} of them with a line, ${heldBack} told of in sums`
  return {
    row: rowOf(options, 'instrumented', found, `exit ${code}`, more, lost.length),
    faults: faults.map((fault) => `${framework}, storm: ${fault}`),
  }
}

export const stormed = async (stand: Stand, options: Options, alone = false): Promise<readonly Found[]> => [
  ...(alone ? [] : await bare(stand, options)),
  await ours(stand, options),
]
