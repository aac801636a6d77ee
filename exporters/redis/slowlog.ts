import { counter, gauge, type Sample } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { callsOf } from './commands.ts'
import { theirs } from './fields.ts'
import { asked, listOf } from './permission.ts'
import { type Entry, slowCounter } from './slow-counter.ts'
import type { Redis } from './source.ts'

const length = gauge(theirs('slowlog_length', 'Calls in the slow log'))
const lastId = gauge(theirs('slowlog_last_id', 'Id of the newest call in the slow log'))
const lastDuration = gauge(
  theirs('last_slow_execution_duration_seconds', 'How long the newest call in the slow log took, in seconds'),
)
const labels = ['command'] as const
export const slowEntries = counter({
  name: 'redis_slowlog_entries_total',
  help: 'Calls that came to stand in the slow log since the exporter began to read it; `other` were gone before it could',
  labels,
})
export const slowSeconds = counter({
  name: 'redis_slowlog_duration_seconds_total',
  help: 'Time these calls took, in seconds; of those that were gone nothing is known',
  labels,
})
export const slowLongest = gauge({
  name: 'redis_slowlog_longest_duration_seconds',
  help: 'The longest of the newest 128 calls in the slow log, in seconds',
  labels,
})

/** Entries: as many as the log holds by default, and the most that are read at once. */
const window = 128
const most = 1024

/**
 * Which commands are slow. Counted by the ids of the entries: each once, also when the log is emptied or the server starts
 * anew. Their arguments are read by nobody.
 */
export const slowlog = (): Collector<Redis> => {
  const counted = slowCounter({ window })
  return {
    name: 'slowlog',
    metrics: [length, lastId, lastDuration, slowEntries, slowSeconds, slowLongest],
    async collect(reader) {
      const entriesOf = async (count: number) =>
        entriesIn(await asked(reader, '+slowlog|get', 'SLOWLOG', 'GET', String(count)))
      const [size, [newest], info] = await Promise.all([
        asked(reader, '+slowlog|len', 'SLOWLOG', 'LEN'),
        entriesOf(1),
        reader.info(),
      ])
      const missing = counted.missing(info.get('run_id') ?? '', newest)
      // Some more, as the newest are answered first and others may have come meanwhile.
      const entries = missing > 1 ? await entriesOf(Math.min(missing + window, most)) : newest ? [newest] : []
      counted.add(entries, new Set([...callsOf(info).keys()].map(nameOf)))
      return [
        ...(typeof size === 'number' ? [length.sample(size)] : []),
        lastId.sample(newest?.id ?? 0),
        lastDuration.sample((newest?.microseconds ?? 0) / 1e6),
        ...samplesOf(counted.totals(), counted.longest()),
      ]
    },
  }
}

const samplesOf = (
  totals: ReturnType<ReturnType<typeof slowCounter>['totals']>,
  longest: ReadonlyMap<string, number>,
) => [
  ...[...totals].flatMap(([command, { entries, microseconds }]): readonly Sample[] => [
    slowEntries.sample(entries, { command }),
    slowSeconds.sample(microseconds / 1e6, { command }),
  ]),
  ...[...longest].map(([command, microseconds]) => slowLongest.sample(microseconds / 1e6, { command })),
]

/** `config|get` stands in the log as CONFIG with an argument. */
const nameOf = (command: string) => command.split('|')[0] ?? command

/** `[id, time, microseconds, [command, ...arguments], ...]`, the newest first. */
const entriesIn = (reply: unknown): readonly Entry[] =>
  listOf(reply).flatMap((entry) => {
    const [id, , microseconds, words] = listOf(entry)
    if (typeof id !== 'number' || typeof microseconds !== 'number') return []
    return [{ id, microseconds, command: String(listOf(words)[0]).toLowerCase() }]
  })
