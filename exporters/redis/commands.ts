import { counter } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { readings } from '../reading.ts'
import { boundedRows, type Choose } from './bounded.ts'
import { fieldsOf, type Info, numberOf, pairsOf, theirs } from './fields.ts'
import type { Redis } from './source.ts'

const labels = ['cmd'] as const
export const commandCalls = counter({ ...theirs('commands_total', 'Calls of the command'), labels })
export const commandSeconds = counter({
  ...theirs('commands_duration_seconds_total', 'Time the command ran, in seconds'),
  labels,
})
export const commandsRejected = counter({
  ...theirs('commands_rejected_calls_total', 'Calls refused before the command ran'),
  labels,
})
export const commandsFailed = counter({
  ...theirs('commands_failed_calls_total', 'Calls that ended in an error while the command ran'),
  labels,
})
const metrics = { calls: commandCalls, seconds: commandSeconds, rejected: commandsRejected, failed: commandsFailed }

interface Calls {
  readonly calls: number
  readonly microseconds: number
  /** Not told of before 6.2. */
  readonly rejected: number | null
  readonly failed: number | null
}

/** What each command was called, by the name the server gives it: a renamed command has its old name here. */
export const callsOf = (info: Info): ReadonlyMap<string, Calls> =>
  new Map(
    fieldsOf(info, 'cmdstat_').flatMap(([cmd, text]) => {
      const pairs = pairsOf(text)
      const read = (name: string) => numberOf(pairs.get(name))
      const [calls, microseconds] = [read('calls'), read('usec')]
      if (calls === undefined || microseconds === undefined) return []
      const rejected = read('rejected_calls') ?? null
      return [[cmd, { calls, microseconds, rejected, failed: read('failed_calls') ?? null }] as const]
    }),
  )

export const countsOf = (calls: ReadonlyMap<string, Calls>) =>
  new Map([...calls].map(([cmd, { calls: count }]) => [cmd, count] as const))

/** What each command was called, how long it ran and how often it failed. */
export const commands = (choose: Choose): Collector<Redis> => ({
  name: 'commands',
  metrics: Object.values(metrics),
  async collect({ info }) {
    const found = callsOf(await info())
    const rows = new Map(
      [...found].map(([cmd, { calls, microseconds, rejected, failed }]) => [
        cmd,
        [calls, microseconds / 1e6, rejected, failed],
      ]),
    )
    const columns = ['cmd', ...Object.keys(metrics)]
    return readings({ columns, rows: boundedRows(rows, choose(countsOf(found))) }, metrics)
  },
})
