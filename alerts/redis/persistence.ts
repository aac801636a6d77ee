import { savePoints } from '../../exporters/redis/config.ts'
import {
  appendOnly,
  delayedWrites,
  forks,
  lastFork,
  lastRewriteOk,
  lastSave,
  lastSaveOk,
  lastWriteOk,
  unsavedChanges,
} from '../../exporters/redis/persistence.ts'
import { and, delta, eq, gt, increase, instant, maxOverTime, round, secondsSince } from '../../metrics/promql.ts'
import { type Alert, alert } from '../alert.ts'
import { cli } from './cli.ts'

const why = {
  look: 'Why it failed',
  shell: 'journalctl -u redis-server -n 50 || docker compose logs -n 50 redis',
} as const
const disk = {
  look: 'Whether the disk is full',
  shell: 'df -h /var/lib/redis || docker compose exec redis df -h /data',
} as const

export const redisSaveFailed = alert({
  name: 'RedisSaveFailed',
  // One scrape that lacks it must not begin the wait anew.
  expr: eq(maxOverTime(lastSaveOk, '2m'), 0),
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `Redis ${label('instance')} could not save its data: a crash loses what changed since the last save`,
  action:
    'Read why in the log of the server: no space left, no permission, or "fork: Cannot allocate memory". Mend that.',
  runbook: {
    meaning:
      'The last BGSAVE failed, because its fork failed or its file could not be written. It stays so until one succeeds.',
    impact:
      'By default Redis refuses every write while saving fails (stop-writes-on-bgsave-error): RedisWritesRefused follows. Otherwise ' +
      'a crash loses all since the last save.',
    diagnosis: [
      why,
      disk,
      { look: 'Since when, and how many changes', shell: cli('info persistence | grep rdb_') },
      { look: 'Whether the kernel lets it fork: 1 always does', shell: 'cat /proc/sys/vm/overcommit_memory; free -m' },
    ],
    mitigation: [
      'No space left: free some, or move dir to a larger disk.',
      'Fork fails: sysctl vm.overcommit_memory=1, and in /etc/sysctl.conf. Redis asks for it in its log at each start.',
      `Then save at once: ${cli('bgsave')}, and see that rdb_last_bgsave_status is ok.`,
    ],
  },
})

export const redisSaveStale = alert({
  name: 'RedisSaveStale',
  threshold: {
    is: '24 h',
    least: '10 min',
    most: '30 d',
    source: 'Ours: half of the 48 h of awesome-prometheus-alerts, the age of a daily backup',
  },
  expr: (threshold) =>
    and(
      and(gt(secondsSince(instant(lastSave)), threshold), gt(instant(unsavedChanges), 0)),
      // Whoever saves by hand only, or never, has decided so.
      gt(instant(savePoints), 0),
    ),
  for: '5m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Redis ${label('instance')} has not saved its data for ${value.duration}, though there are changes`,
  action: `See the rules (${cli('config get save')}) and whether a save hangs (${cli('info persistence | grep rdb_')}). Save: BGSAVE.`,
  runbook: {
    meaning:
      'Saving is configured, there are changes, and the last save is that long ago: too few changes for any rule, or a save that hangs.',
    impact: 'A crash loses a day of data, and backups of the file hold nothing newer.',
    diagnosis: [
      { look: 'The rules: seconds and changes', shell: cli('config get save') },
      { look: 'Last save, changes since, and whether one is under way', shell: cli('info persistence | grep rdb_') },
      why,
    ],
    mitigation: [
      `Save now: ${cli('bgsave')}.`,
      `Add a rule that takes the first change: ${cli('config set save "3600 1 300 100 60 10000"')}, and in redis.conf.`,
      'A save that hangs on its disk: end the child process (ps aux | grep redis-rdb-bgsave), and mend the disk.',
    ],
  },
})

export const redisAofWriteFailed = alert({
  name: 'RedisAofWriteFailed',
  expr: and(eq(maxOverTime(lastWriteOk, '2m'), 0), eq(instant(appendOnly), 1)),
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) => `Redis ${label('instance')} can not write its append-only file, and refuses every write`,
  action:
    'Free space on its disk (df -h), or mend the rights of its folder. It goes on by itself with the first write that succeeds.',
  runbook: {
    meaning:
      'The last write to the append-only file failed. With appendfsync everysec, Redis then answers writes with MISCONF.',
    impact: 'Nobody can log in. A crash now loses what could not be written.',
    diagnosis: [disk, why, { look: 'Size of the file, and its state', shell: cli('info persistence | grep aof_') }],
    mitigation: [
      'No space left: free some, or enlarge the disk.',
      `Guests wait and the data may be lost in a crash: ${cli('config set appendonly no')}, and back to yes afterwards.`,
      'A read-only file system: the disk is broken. Promote the replica.',
    ],
  },
})

export const redisAofRewriteFailed = alert({
  name: 'RedisAofRewriteFailed',
  expr: and(eq(maxOverTime(lastRewriteOk, '2m'), 0), eq(instant(appendOnly), 1)),
  for: '5m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) =>
    `Redis ${label('instance')} could not rewrite its append-only file: it grows until the disk is full`,
  action: `Read why in the log of the server (space, fork), mend that, and try again: ${cli('bgrewriteaof')}.`,
  runbook: {
    meaning:
      'The last rewrite failed, because its fork failed or the new file could not be written. It needs as much space again.',
    impact:
      'The file grows with every write; when the disk is full, writes are refused. A restart takes longer and longer.',
    diagnosis: [
      why,
      disk,
      {
        look: 'Size now and after the last rewrite',
        shell: cli('info persistence | grep -E "aof_(current|base)_size"'),
      },
      { look: 'Whether the kernel lets it fork: 1 always does', shell: 'cat /proc/sys/vm/overcommit_memory; free -m' },
    ],
    mitigation: [
      'Free as much space as the data take, then BGREWRITEAOF.',
      'Fork fails: sysctl vm.overcommit_memory=1, and in /etc/sysctl.conf.',
    ],
  },
})

export const redisDiskSlow = alert({
  name: 'RedisDiskSlow',
  threshold: { is: '10', least: '0', most: '10000', source: 'Ours: each holds up every client for up to two seconds' },
  expr: (threshold) => gt(round(delta(delayedWrites, '15m')), threshold),
  for: '5m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Redis ${label('instance')} had to wait for its disk ${value.plain} times within 15 minutes`,
  action: 'See what else writes to that disk: iostat -x 1 5, iotop. Move it away, or give Redis a disk of its own.',
  runbook: {
    meaning:
      'A flush of the append-only file took more than two seconds, and Redis stopped to wait for it (aof_delayed_fsync).',
    impact: 'Every client waits each time: requests run into their timeouts all at once.',
    diagnosis: [
      { look: 'How busy the disk is', shell: 'iostat -x 1 5' },
      { look: 'Whether a save or a rewrite is under way', shell: cli('info persistence | grep in_progress') },
      { look: 'How it flushes', shell: cli("config get '*fsync*'") },
    ],
    mitigation: [
      `Do not flush during saves and rewrites: ${cli('config set no-appendfsync-on-rewrite yes')}. A crash may then lose more.`,
      'Move what else writes to the disk, such as backups, to another hour or disk.',
      'Let a replica write the file, and not the master.',
    ],
  },
})

export const redisForkSlow = alert({
  name: 'RedisForkSlow',
  threshold: { is: '500 ms', least: '10 ms', most: '30 s', source: 'What is promised for a whole request' },
  // The last fork may be a week old: it is told of while there are forks.
  expr: (threshold) => and(gt(instant(lastFork), threshold), gt(increase(forks, '1h'), 0)),
  for: '1m',
  severity: 'low',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Redis ${label('instance')} stands still for ${value.duration} at each save or rewrite`,
  action: 'Switch off transparent huge pages on its machine: echo never > /sys/kernel/mm/transparent_hugepage/enabled.',
  runbook: {
    meaning:
      'How long the last fork held up the server. It grows with the memory in use, and on some virtual machines much faster.',
    impact: 'Nothing is answered meanwhile: with each save some requests are slow.',
    diagnosis: [
      { look: 'Time of the last fork in microseconds, and forks so far', shell: cli('info stats | grep fork') },
      { look: 'Whether huge pages are on: never is right', shell: 'cat /sys/kernel/mm/transparent_hugepage/enabled' },
      {
        look: 'How much memory there is to copy the tables of',
        shell: cli('info memory | grep used_memory_rss_human'),
      },
    ],
    mitigation: [
      'Switch off transparent huge pages.',
      'Save less often, or let a replica save.',
      'Split the data over several smaller servers.',
    ],
  },
})

export const persistenceAlerts: readonly Alert[] = [
  redisSaveFailed,
  redisSaveStale,
  redisAofWriteFailed,
  redisAofRewriteFailed,
  redisDiskSlow,
  redisForkSlow,
]
