import { counter, gauge, type Sample } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { type Fields, fieldSamples, fieldsOf, metricsOf, numberOf, pairsOf, theirs } from './fields.ts'
import type { Redis } from './source.ts'

const fields = {
  io_threads_active: gauge(
    theirs('io_threads_active', 'Whether threads read and write for the one that runs commands'),
  ),
  total_reads_processed: counter(theirs('total_reads_processed', 'Reads from clients')),
  total_writes_processed: counter(theirs('total_writes_processed', 'Writes to clients')),
  io_threaded_reads_processed: counter(theirs('io_threaded_reads_processed', 'Reads from clients by other threads')),
  io_threaded_writes_processed: counter(theirs('io_threaded_writes_processed', 'Writes to clients by other threads')),
  reply_buffer_shrinks: counter(theirs('reply_buffer_shrinks_total', 'Reply buffers made smaller')),
  reply_buffer_expands: counter(theirs('reply_buffer_expands_total', 'Reply buffers made larger')),
  eventloop_cycles: counter(theirs('eventloop_cycles_total', 'Rounds of the loop that does everything')),
  eventloop_duration_sum: counter(theirs('eventloop_duration_sum_usec_total', 'Time of these rounds, in microseconds')),
  eventloop_duration_cmd_sum: counter(
    theirs('eventloop_duration_cmd_sum_usec_total', 'Time of these rounds spent on commands, in microseconds'),
  ),
  instantaneous_eventloop_cycles_per_sec: gauge(
    theirs('instantaneous_eventloop_cycles_per_sec', 'Rounds in a second, just now'),
  ),
  instantaneous_eventloop_duration_usec: gauge(
    theirs('instantaneous_eventloop_duration_usec', 'Average time of a round in microseconds, just now'),
  ),
} satisfies Fields

const labels = ['thread'] as const
const perThread = {
  clients: gauge({ name: 'redis_io_thread_clients', counts: 'clients', help: 'Clients a thread looks after', labels }),
  reads: counter({ name: 'redis_io_thread_reads_total', help: 'Reads from clients by this thread', labels }),
  writes: counter({ name: 'redis_io_thread_writes_total', help: 'Writes to clients by this thread', labels }),
} as const

/** The loop that runs every command, and the threads that read and write for it. */
export const threads: Collector<Redis> = {
  name: 'threads',
  metrics: [...metricsOf(fields), ...Object.values(perThread)],
  async collect({ info }) {
    const found = await info()
    const each = fieldsOf(found, 'io_thread_').filter(([thread]) => /^\d+$/.test(thread))
    return [
      ...fieldSamples(found, fields),
      ...each.flatMap(([thread, text]): readonly Sample[] => {
        const values = pairsOf(text)
        return Object.entries(perThread).flatMap(([name, metric]) => {
          const value = numberOf(values.get(name))
          return value === undefined ? [] : [metric.sample(value, { thread })]
        })
      }),
    ]
  },
}
