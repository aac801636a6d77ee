import { gauge } from '../../metrics/metric.ts'
import { fieldCollector, theirs } from './fields.ts'

/** What clients have asked to be told of: messages, and keys they cache themselves. */
export const pubsub = fieldCollector('pubsub', {
  pubsub_channels: gauge(theirs('pubsub_channels', 'Channels that somebody has subscribed to')),
  pubsub_patterns: gauge(theirs('pubsub_patterns', 'Patterns of channels that somebody has subscribed to')),
  pubsubshard_channels: gauge(theirs('pubsubshard_channels', 'Channels of this shard that somebody has subscribed to')),
  tracking_total_keys: gauge(theirs('tracking_total_keys', 'Keys that are tracked for clients that cache them')),
  tracking_total_items: gauge(theirs('tracking_total_items', 'Keys tracked, once for each client')),
  tracking_total_prefixes: gauge(theirs('tracking_total_prefixes', 'Prefixes of keys that are tracked')),
})
