import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { numberOf, theirs } from './fields.ts'
import type { Redis } from './source.ts'

const labels = ['master_host', 'master_port'] as const
export const replicaInfo = gauge({
  ...theirs('slave_info', 'Whose replica this server is: always 1'),
  labels: [...labels, 'read_only'],
})
const priority = gauge(theirs('slave_priority', 'The setting replica-priority: the lowest is promoted first, 0 never'))

export const masterLinkUp = gauge({
  ...theirs('master_link_up', 'Whether the master is connected (1) or not (0)'),
  labels,
})
export const copyInProgress = gauge({
  ...theirs('master_sync_in_progress', 'Whether a full copy is being taken'),
  labels,
})
const fields = {
  master_link_status: masterLinkUp,
  master_last_io_seconds_ago: gauge({
    ...theirs(
      'master_last_io_seconds_ago',
      'Time since the master last sent anything, in seconds; -1 while it is gone',
    ),
    labels,
  }),
  master_sync_in_progress: copyInProgress,
  slave_repl_offset: gauge({ ...theirs('slave_repl_offset', 'How far this replica is, in bytes of changes'), labels }),
  master_link_down_since_seconds: gauge({
    name: 'redis_master_link_down_seconds',
    help: 'How long the master has been gone, in seconds; -1 where it never was there',
    labels,
  }),
  master_sync_left_bytes: gauge({
    name: 'redis_master_sync_left_bytes',
    help: 'Bytes of the full copy that are still to come; negative while nobody knows how many',
    labels,
  }),
} as const

/** What a replica tells of its master. A master has none of it. */
export const replica: Collector<Redis> = {
  name: 'replica',
  metrics: [replicaInfo, priority, ...Object.values(fields)],
  async collect({ info }) {
    const found = await info()
    if (found.get('role') !== 'slave') return []
    const of = { master_host: found.get('master_host') ?? '', master_port: found.get('master_port') ?? '' }
    const read = numberOf(found.get('slave_priority'))
    return [
      replicaInfo.sample(1, { ...of, read_only: found.get('slave_read_only') ?? '' }),
      ...(read === undefined ? [] : [priority.sample(read)]),
      ...Object.entries(fields).flatMap(([field, metric]) => {
        const value = numberOf(found.get(field))
        return value === undefined ? [] : [metric.sample(value, of)]
      }),
    ]
  },
}
