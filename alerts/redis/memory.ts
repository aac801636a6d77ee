import { errors } from '../../exporters/redis/errors.ts'
import { evictedKeys } from '../../exporters/redis/expiry.ts'
import { keys } from '../../exporters/redis/keyspace.ts'
import {
  fragmentedBytes,
  memoryFragmentation,
  memoryMax,
  memoryNotCounted,
  memoryResident,
  memoryUsed,
  systemMemory,
} from '../../exporters/redis/memory.ts'
import { and, div, gt, increase, instant, lt, minOverTime, round, sub, sum, unless } from '../../metrics/promql.ts'
import { orNone } from '../../metrics/share.ts'
import { type OfInstance, target as server } from '../../metrics/target.ts'
import { type Alert, alert } from '../alert.ts'
import { cli } from './cli.ts'

const mebibyte = 1024 ** 2

/** Without a limit maxmemory is 0, and nothing is near it. */
export const memoryLimit = (of: OfInstance = {}) => gt(instant(memoryMax.where(of)), 0)

/** The share of maxmemory that is taken: the buffers for replicas and for the append-only file do not count. */
export const memoryShare = (of: OfInstance = {}) => {
  const used = instant(memoryUsed.where(of))
  return div(sub(used, orNone(instant(memoryNotCounted.where(of)), used)), memoryLimit(of))
}

export const redisMemoryNearLimit = alert({
  name: 'RedisMemoryNearLimit',
  threshold: { is: '90 %', least: '30 %', most: '100 %', source: 'awesome-prometheus-alerts warns at 90 %' },
  expr: (threshold) => gt(memoryShare(), threshold),
  for: '2m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Redis ${label('instance')} uses ${value.percent} of its maxmemory: it evicts keys or refuses writes next`,
  action:
    `See what grew: ${cli('--bigkeys')}, ${cli('info keyspace')}. Remove what should have expired, or raise maxmemory ` +
    '(CONFIG SET maxmemory) if the host has room.',
  runbook: {
    meaning:
      'used_memory, without the buffers that do not count, over maxmemory. At 100 % maxmemory-policy decides what happens.',
    impact:
      'With allkeys-* keys are evicted, sessions among them: guests are logged out. With noeviction every write fails, logins ' +
      'first. A pure cache may live at its limit: raise the threshold for it in config/overrides.ts.',
    diagnosis: [
      { look: 'How much is data, how much buffers', shell: cli('memory stats') },
      { look: 'What happens at the limit', shell: cli('config get maxmemory-policy') },
      { look: 'The largest keys of each type (reads every key)', shell: cli('--bigkeys -i 0.01') },
      { look: 'Keys of each database, and how many of them expire', shell: cli('info keyspace') },
    ],
    mitigation: [
      `Raise the limit if the host has room: ${cli('config set maxmemory 2gb')}, and in redis.conf.`,
      'Remove what was left behind with UNLINK, which does not hold up the server as DEL does.',
      'Give keys that have none a time to live.',
    ],
  },
})

export const redisOutOfMemory = alert({
  name: 'RedisOutOfMemory',
  threshold: { is: '5', least: '0', most: '10000', source: 'Ours: more than a moment at the limit' },
  expr: (threshold) => gt(round(increase(errors.where({ err: 'OOM' }), '5m')), threshold),
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Redis ${label('instance')} is full: it refused ${value.plain} writes within 5 minutes with OOM`,
  action: `Raise the limit if the host has room: ${cli('config set maxmemory 2gb')}. Then find what grew: ${cli('--bigkeys')}.`,
  runbook: {
    meaning:
      'Memory has reached maxmemory and nothing may be evicted: the policy is noeviction, or volatile-* and no key has a time to ' +
      'live.',
    impact: 'Nobody can log in and nothing new is cached, while reads still work.',
    diagnosis: [
      {
        look: 'Limit, use and policy',
        shell: cli('info memory | grep -E "^(used_memory|maxmemory|maxmemory_policy):"'),
      },
      { look: 'Keys of each database, and how many of them expire', shell: cli('info keyspace') },
      { look: 'The largest keys of each type (reads every key)', shell: cli('--bigkeys -i 0.01') },
    ],
    mitigation: [
      `Raise the limit if the host has room: ${cli('config set maxmemory 2gb')}.`,
      `If it is a cache, let it evict: ${cli('config set maxmemory-policy allkeys-lru')}. Never where it holds queues.`,
      'Remove what was left behind with UNLINK: deletions are still taken.',
    ],
  },
})

export const redisMemoryNearHostLimit = alert({
  name: 'RedisMemoryNearHostLimit',
  threshold: {
    is: '80 %',
    least: '20 %',
    most: '99 %',
    source: 'Ours: a save copies up to as much as is written meanwhile',
  },
  expr: (threshold) =>
    unless(
      gt(div(instant(memoryResident), gt(instant(systemMemory), 0)), threshold),
      // A limit that the machine can hold has an alert of its own.
      lt(gt(instant(memoryMax), 0), instant(systemMemory)),
    ),
  for: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Redis ${label('instance')} takes ${value.percent} of its machine's memory, and no maxmemory stops it: the kernel kills it next`,
  action: `Set a limit now: ${cli('config set maxmemory 2gb')}, with an eviction policy if it is a cache.`,
  runbook: {
    meaning:
      'Resident memory over that of the machine, where maxmemory is not set or is larger than the machine. A container may have ' +
      'less: its limit is not told.',
    impact: 'The kernel ends the process: every session is lost at once, and with it what was not saved.',
    diagnosis: [
      { look: 'Use, limit, and what the machine has', shell: cli('info memory | grep -E "human:"') },
      { look: 'What else uses memory there', shell: 'free -m; ps aux --sort=-rss | head' },
    ],
    mitigation: [
      `Set a limit of about 70 % of the memory: ${cli('config set maxmemory 2gb')}, and in redis.conf.`,
      `Decide what goes then: ${cli('config set maxmemory-policy allkeys-lru')} for a cache, noeviction for a queue.`,
      'Move other programs off the machine, or give it more memory.',
    ],
  },
})

export const redisEvicting = alert({
  name: 'RedisEvicting',
  threshold: {
    is: '5 %',
    least: '0 %',
    most: '1000 %',
    source: 'Ours: at this pace a key lives for five hours at most',
  },
  // Of the keys there are: a rate alone says nothing of a server that holds a hundred or a hundred million.
  expr: (threshold) => gt(div(increase(evictedKeys, '15m'), gt(sum(instant(keys), server), 0)), threshold),
  for: '5m',
  keepFiringFor: '15m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Redis ${label('instance')} evicted ${value.percent} as many keys as it holds within 15 minutes: guests are logged out`,
  action: `Raise maxmemory if the host has room (${cli('config get maxmemory')}), or find what fills it: ${cli('--bigkeys')}.`,
  runbook: {
    meaning: 'Keys that had to go for lack of memory within 15 minutes, over the keys that are there.',
    impact:
      'Sessions end before their time and pages are read anew from PostgreSQL. Where jobs are queued there, they are lost.',
    diagnosis: [
      { look: 'Evicted so far, hits and misses', shell: cli('info stats | grep -E "evicted_keys|keyspace_"') },
      { look: 'Limit and policy', shell: cli('info memory | grep -E "^maxmemory"') },
      { look: 'The largest keys of each type (reads every key)', shell: cli('--bigkeys -i 0.01') },
    ],
    mitigation: [
      'Raise maxmemory, or give pages a shorter time to live than sessions.',
      'Keep sessions and cached pages in two servers, so that pages never push out a session.',
      'With volatile-ttl what expires soonest goes first: give sessions the longer time.',
    ],
  },
})

/** Redis's own defragmentation begins no earlier (active-defrag-ignore-bytes): a small server is always fragmented. */
const worthwhile = 100 * mebibyte

export const redisFragmented = alert({
  name: 'RedisFragmented',
  threshold: {
    is: '150 %',
    least: '110 %',
    most: '1000 %',
    source: "Redis's documentation of INFO calls more than 1.5 fragmented",
  },
  expr: (threshold) =>
    and(gt(minOverTime(memoryFragmentation, '15m'), threshold), gt(instant(fragmentedBytes), worthwhile)),
  for: '1h',
  severity: 'low',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Redis ${label('instance')} takes ${value.percent} of the memory that it needs: the rest is holes`,
  action: `Let it defragment itself: ${cli('config set activedefrag yes')}. Or restart it in a quiet hour.`,
  runbook: {
    meaning:
      'Resident memory over allocated memory, for more than an hour, and at least 100 MiB between them. After a peak the allocator ' +
      'may keep what nobody uses.',
    impact: 'Memory is paid for and lost. The machine runs out before maxmemory is reached.',
    diagnosis: [
      {
        look: 'Where it is lost: fragments, or pages that the allocator keeps',
        shell: cli('info memory | grep -E "frag|rss"'),
      },
      { look: "Redis's own opinion", shell: cli('memory doctor') },
    ],
    mitigation: [
      `Give back what nobody uses: ${cli('memory purge')}.`,
      `Let it defragment itself (needs jemalloc): ${cli('config set activedefrag yes')}.`,
      'Restart it in a quiet hour, or fail over to the replica.',
    ],
  },
})

/** Less of it in memory says little: what was allocated and never touched is not there either. */
const telling = 100 * mebibyte

export const redisSwappedOut = alert({
  name: 'RedisSwappedOut',
  threshold: {
    is: '90 %',
    least: '10 %',
    most: '99 %',
    source: "Redis's documentation of INFO: below 1 it was swapped",
  },
  expr: (threshold) => and(lt(instant(memoryFragmentation), threshold), gt(instant(memoryUsed), telling)),
  for: '10m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Only ${value.percent} of what Redis ${label('instance')} holds is in memory: the rest was swapped out`,
  action: 'See what took the memory of its machine: free -m; ps aux --sort=-rss | head. Move that away, or add memory.',
  runbook: {
    meaning: 'Resident memory is less than allocated memory: the kernel has moved a part of it to the disk.',
    impact: 'Each command that needs such a page waits for the disk, and everybody else waits for that command.',
    diagnosis: [
      { look: 'How much of it is swapped', shell: 'grep VmSwap /proc/$(pidof redis-server)/status' },
      { look: 'Whether it is going on (si, so)', shell: 'vmstat 1 5' },
      { look: 'What else uses memory there', shell: 'free -m; ps aux --sort=-rss | head' },
    ],
    mitigation: [
      'End or move what else uses memory on the machine, or give it more.',
      `Lower the limit so that it fits: ${cli('config set maxmemory 1gb')}. It evicts down to that at once.`,
      'Then swapoff -a && swapon -a brings it back into memory.',
    ],
  },
})

export const memoryAlerts: readonly Alert[] = [
  redisMemoryNearLimit,
  redisOutOfMemory,
  redisMemoryNearHostLimit,
  redisEvicting,
  redisFragmented,
  redisSwappedOut,
]
