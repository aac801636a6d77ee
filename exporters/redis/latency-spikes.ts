import { gauge, type Sample } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { theirs } from './fields.ts'
import { asked, listOf } from './permission.ts'
import type { Redis } from './source.ts'

const labels = ['event_name'] as const
export const spikeTime = gauge({
  ...theirs(
    'latency_spike_last',
    'When something last took longer than latency-monitor-threshold, in seconds since 1970',
  ),
  labels,
})
export const spikeDuration = gauge({
  ...theirs('latency_spike_duration_seconds', 'How long it took then, in seconds'),
  labels,
})
export const spikeLongest = gauge({
  name: 'redis_latency_spike_longest_seconds',
  help: 'The longest it ever took, in seconds',
  labels,
})

/** What held up the server. It notes nothing while latency-monitor-threshold is 0, as it is by default. */
export const spikes: Collector<Redis> = {
  name: 'latency_spikes',
  metrics: [spikeTime, spikeDuration, spikeLongest],
  async collect(reader) {
    const events = listOf(await asked(reader, '+latency|latest', 'LATENCY', 'LATEST'))
    return events.flatMap((event): readonly Sample[] => {
      const [name, time, milliseconds, longest] = listOf(event)
      if (typeof time !== 'number' || typeof milliseconds !== 'number') return []
      const of = { event_name: String(name) }
      return [
        spikeTime.sample(time, of),
        spikeDuration.sample(milliseconds / 1000, of),
        ...(typeof longest === 'number' ? [spikeLongest.sample(longest / 1000, of)] : []),
      ]
    })
  },
}
