import {
  filesystemAvailable,
  filesystemFiles,
  filesystemFilesFree,
  filesystemReadonly,
  filesystemSize,
  ioStalled,
} from '../../metrics/foreign.ts'
import { notMatches } from '../../metrics/metric.ts'
import {
  and,
  div,
  eq,
  gt,
  lastOverTime,
  lt,
  maxOverTime,
  minOverTime,
  predictLinear,
  rate,
} from '../../metrics/promql.ts'
import { alert, type Look } from '../alert.ts'

/**
 * Every disk of the machine: node_exporter sees the host's mounts, with or without a container, and leaves out those of single
 * containers. Volumes (PostgreSQL's data, Prometheus') lie on the disk that holds /var/lib/docker. What is in memory or an image
 * by nature is left out.
 */
export const onDisk = { fstype: notMatches('tmpfs|ramfs|devtmpfs|overlay|squashfs|erofs|iso9660|fuse.*') } as const
const available = filesystemAvailable.where(onDisk)
const size = filesystemSize.where(onDisk)
const readonly = filesystemReadonly.where(onDisk)

const writable = eq(maxOverTime(readonly, '5m'), 0)
const shareLeft = div(maxOverTime(available, '5m'), maxOverTime(size, '5m'))

const whatTakesIt: readonly [Look, ...Look[]] = [
  { look: 'Which disk, and what it holds', shell: 'df -h; docker system df' },
  {
    look: 'The largest folders on it',
    shell: 'du -xh --max-depth=3 / 2>/dev/null | sort -rh | head -20',
  },
  {
    look: 'What PostgreSQL holds, its write-ahead log first: a slot or a failing archiver keeps it',
    sql: "select 'wal' as what, pg_size_pretty(sum(size)) as size from pg_ls_waldir() union all select datname, pg_size_pretty(pg_database_size(datname)) from pg_database where datallowconn;",
  },
  { look: 'What Prometheus holds', shell: 'docker compose exec prometheus du -sh /prometheus /prometheus/wal' },
]
const makeRoom: readonly [string, ...string[]] = [
  'Images and build caches: docker system prune (it asks first; never with --volumes).',
  'Logs: journalctl --vacuum-size=500M; the service rotates its own.',
  'The write-ahead log of PostgreSQL: never delete its files. Mend the archiver, or drop the slot that nobody reads.',
  'Prometheus: shorten --storage.tsdb.retention.time and restart it.',
]

/** Above this share no forecast counts: a restore or a copy fills half a disk and stops. */
const roomEnough = 0.4

export const hostDiskFilling = alert({
  name: 'HostDiskFilling',
  threshold: {
    is: '24 h',
    least: '1 h',
    most: '168 h',
    source: 'node_exporter mixin: full within 24 h, with less than 40 % left',
  },
  // A line through a few minutes leads anywhere: it must have been watched for an hour.
  expr: (threshold) =>
    and(
      and(lt(predictLinear(available, '6h', threshold), 0), lt(shareLeft, roomEnough)),
      and(writable, gt(lastOverTime(size, '10m', { offset: '1h' }), 0)),
    ),
  for: '30m',
  keepFiringFor: '30m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `${label('mountpoint')} of ${label('instance')} is filling: at the pace of the last six hours it is full within a day`,
  action:
    'Find what grows (du -xh / | sort -rh | head), and stop it or make room. PostgreSQL and Prometheus may write there.',
  runbook: {
    meaning:
      'A straight line through what was left of this filesystem in the last six hours reaches zero within the threshold, and less than 40 % are left.',
    impact: 'Nobody yet. When it is full, PostgreSQL stops at its next write and Prometheus loses what it reads.',
    diagnosis: whatTakesIt,
    mitigation: makeRoom,
  },
})

export const hostDiskNearlyFull = alert({
  name: 'HostDiskNearlyFull',
  threshold: {
    is: '5 %',
    least: '0.5 %',
    most: '30 %',
    source: 'node_exporter mixin: critical below 5 % (warning) and 3 %; root keeps 5 % of ext4 that others cannot have',
  },
  expr: (threshold) => and(lt(shareLeft, threshold), writable),
  for: '5m',
  keepFiringFor: '5m',
  severity: 'critical',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Only ${value.percent} of ${label('mountpoint')} of ${label('instance')} is left: PostgreSQL stops when it is full`,
  action: 'Make room at once (docker system prune, journalctl --vacuum-size=500M), then find what filled it.',
  runbook: {
    meaning: 'Of a filesystem of the machine less is left for programs than the threshold, for five minutes.',
    impact:
      'When it is full, PostgreSQL stops with PANIC at its next write: no bookings. Prometheus can no longer store what would tell of it.',
    diagnosis: whatTakesIt,
    mitigation: makeRoom,
  },
})

export const hostInodesNearlyGone = alert({
  name: 'HostInodesNearlyGone',
  threshold: {
    is: '5 %',
    least: '0.5 %',
    most: '30 %',
    source: 'node_exporter mixin: below 5 % (warning) and 3 % (critical)',
  },
  // 0 of 0 where a filesystem has no such limit (btrfs): that is below no threshold.
  expr: (threshold) =>
    and(
      lt(
        div(maxOverTime(filesystemFilesFree.where(onDisk), '5m'), maxOverTime(filesystemFiles.where(onDisk), '5m')),
        threshold,
      ),
      writable,
    ),
  for: '15m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('mountpoint')} of ${label('instance')} can hold only ${value.percent} more files`,
  action:
    'Find the folder with very many small files and empty it: df -i says which disk. Sessions, mail queues and caches are the usual ones.',
  runbook: {
    meaning:
      'A filesystem has a fixed number of files it can hold, and nearly all are in use, whatever room is left in bytes.',
    impact:
      'At zero no new file can be made, and df -h shows a disk that is half empty: PostgreSQL, logs and uploads fail.',
    diagnosis: [
      { look: 'Which disk', shell: 'df -i' },
      { look: 'Which folders hold most', shell: 'du -x --inodes --max-depth=4 / 2>/dev/null | sort -rn | head -20' },
    ],
    mitigation: [
      'Delete what piled up: find FOLDER -xdev -type f -mtime +7 -delete.',
      'docker system prune, where it is under /var/lib/docker.',
    ],
  },
})

export const hostDiskReadonly = alert({
  name: 'HostDiskReadonly',
  // One that is meant to be read only always was.
  expr: and(eq(minOverTime(readonly, '5m'), 1), eq(minOverTime(readonly, '1d'), 0)),
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `${label('mountpoint')} of ${label('instance')} can only be read: the kernel makes it so when a disk has faults`,
  action: 'dmesg names the fault. Do not mount it for writing again before a copy is made: PostgreSQL may be damaged.',
  runbook: {
    meaning:
      'A filesystem that was written to within the last day is mounted for reading only. Unless somebody did it, the kernel did, because of faults of the disk.',
    impact: 'Whatever writes there fails: PostgreSQL, logs, Prometheus.',
    diagnosis: [
      { look: 'Why', shell: "dmesg -T | grep -iE 'remount|i/o error|ext4-fs error|xfs|nvme' | tail -20" },
      { look: 'What is mounted how', shell: 'findmnt -o TARGET,SOURCE,FSTYPE,OPTIONS | grep -w ro' },
      { look: 'What the disk says of itself', shell: 'smartctl -a /dev/sda 2>/dev/null | head -60' },
    ],
    mitigation: [
      'Copy what is there first; then fsck with the filesystem unmounted.',
      'The disk has faults: replace it, and restore the last backup there.',
      'Somebody did it on purpose: mount -o remount,rw when done.',
    ],
  },
})

export const hostDiskStalled = alert({
  name: 'HostDiskStalled',
  threshold: {
    is: '30 %',
    least: '5 %',
    most: '95 %',
    source: 'ours: pressure stall information, the share of time in which nothing at all could go on',
  },
  expr: (threshold) => gt(rate(ioStalled, '5m'), threshold),
  for: '10m',
  keepFiringFor: '10m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `In ${value.percent} of the time every program of ${label('instance')} waits for a disk`,
  action:
    'Find who reads and writes (iotop -o, pg_stat_activity). A backup or a vacuum in the busy hours is the usual one.',
  runbook: {
    meaning:
      'For more than the threshold of the last five minutes no program that had something to do could go on, because all waited for a disk.',
    impact: 'Everything is slow, PostgreSQL first: commits wait for the disk.',
    diagnosis: [
      { look: 'How much, over 10, 60 and 300 seconds', shell: 'cat /proc/pressure/io' },
      { look: 'Who', shell: "ps -eo pid,stat,wchan:20,comm | awk '$2 ~ /^D/'" },
      {
        look: 'What PostgreSQL waits for',
        sql: "select wait_event_type, wait_event, backend_type, count(*) from pg_stat_activity where wait_event_type = 'IO' group by 1, 2, 3 order by 4 desc;",
      },
    ],
    mitigation: [
      'A backup, dump or index build: stop it, and run it at night.',
      'Checkpoints: raise max_wal_size, so that they come less often.',
      'A volume with a quota of operations: raise it.',
    ],
  },
})
