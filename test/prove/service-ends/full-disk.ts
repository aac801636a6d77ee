import { run } from '../../../compose/local/run.ts'
import { sumOf } from '../scraped.ts'
import { type Found, type Framework, linesIn, lossesOf, median, type Stand, slowest } from './stand.ts'

/** A limit on the size of a file fails as a full disk does, also in the middle of a line, and needs no rights. */
const limited = ['sh', '-c', 'ulimit -S -f 512; exec "$@"', 'sh']
export const canLimit = async () => (await run(['prlimit', '--version'])).code === 0

/** Generous: the requests of this application take 4 ms. */
const bound = (before: number) => 5 * before + 20
const mostSlow = 2_000

interface Options {
  readonly framework: Framework
  /** Requests while there is no room: more lines than the megabyte that waits. */
  readonly many: number
}

/** Requests before and after the fault. */
const few = 500

export const fullDisk = async (stand: Stand, { framework, many }: Options): Promise<Found> => {
  const app = await stand.start({ framework, instrumented: true, graceful: true, goesOn: false }, limited)
  const load = (requests: number) => stand.load({ port: app.port, connections: 32, requests })
  const before = await load(few)
  const during = await load(many)
  const full = await app.scrape()
  await run(['prlimit', '--pid', String(app.pid), '--fsize=unlimited'])
  const after = await load(few)
  const last = await app.scrape()
  app.kill('SIGTERM')
  const { code } = await app.ended

  const [combined, errors] = [linesIn(app.folder, 'combined'), linesIn(app.folder, 'error')]
  const written = new Set(combined.map(({ sequence }) => sequence))
  const missing = ({ answered }: typeof before) => answered.filter(([number]) => !written.has(number)).length
  const count = (series: string) => last.values.get(series) ?? 0
  const lost = count('log_messages_lost_total')
  // A line that tells of an error belongs into both files.
  const due = sumOf(last.values, 'log_messages_total') + count('log_messages_total{level="error"}')
  const kept = combined.length + errors.length
  const faults = [
    ...[before, during, after].flatMap(lossesOf),
    ...(missing(before) === 0 ? [] : [`${missing(before)} lines of before the fault are not there`]),
    ...(missing(after) === 0 ? [] : [`${missing(after)} lines of after the fault are not there`]),
    ...(lost > 0 && sumOf(full.values, 'log_messages_lost_total') > 0
      ? []
      : ['no line was lost: the disk was not full for long enough']),
    ...(kept + lost === due ? [] : [`${kept} lines written and ${lost} lost are not the ${due} logged`]),
    ...(median(during) < bound(median(before))
      ? []
      : [`the median answer took ${median(during).toFixed(1)} ms, ${median(before).toFixed(1)} before`]),
    ...(slowest(during) < mostSlow ? [] : [`an answer took ${slowest(during).toFixed(0)} ms`]),
    ...(code === 0 ? [] : [`ended with ${code}`]),
  ]
  const speed = `median ${median(before).toFixed(1)} ms before, ${median(during).toFixed(1)} while full, slowest ${slowest(during).toFixed(0)}`
  return {
    row: [
      'the disk of the log is full, then has room again',
      `${framework}, instrumented`,
      [before, during, after].reduce((sum, { answered }) => sum + answered.length, 0),
      [before, during, after].reduce((sum, { cut }) => sum + cut.length, 0),
      0,
      `exit ${code}`,
      '–',
      `${lost}, as counted`,
      `${kept} written + ${lost} lost = ${due} logged; ${speed}`,
    ],
    faults: faults.map((fault) => `${framework}, full disk: ${fault}`),
  }
}
