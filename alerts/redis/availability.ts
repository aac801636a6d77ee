import { errors } from '../../exporters/redis/errors.ts'
import { redisVitals } from '../../exporters/redis/index.ts'
import { loading } from '../../exporters/redis/persistence.ts'
import { instanceInfo } from '../../exporters/redis/server.ts'
import { matches } from '../../metrics/metric.ts'
import {
  count,
  countOverTime,
  type Duration,
  eq,
  gt,
  increase,
  instant,
  maxOverTime,
  round,
} from '../../metrics/promql.ts'
import { target as server } from '../../metrics/target.ts'
import { type Alert, alert } from '../alert.ts'
import { cli } from './cli.ts'

export const redisDown = alert({
  name: 'RedisDown',
  expr: eq(instant(redisVitals.up), 0),
  for: '1m',
  severity: 'critical',
  owner: 'platform',
  summary: ({ label }) =>
    `Redis ${label('instance')} does not answer: sessions are lost and every page reads the database`,
  action:
    "Read the exporter's log for the reason (refused, password, BUSY, no answer). Check that the server runs and was not killed " +
    'for memory (dmesg); restart it. Watch PostgreSQL meanwhile: it takes the load.',
  runbook: {
    meaning:
      'The exporter could not connect, log in or get an answer to INFO for a minute. A server whose script runs too long ' +
      'answers BUSY to everything, and counts as down.',
    impact:
      'Guests are logged out and nobody can log in. Every page is read from PostgreSQL, whose connections run out next if ' +
      'traffic is high.',
    diagnosis: [
      { look: 'What it answers: PONG, BUSY, NOAUTH, or nothing', shell: cli('ping') },
      {
        look: 'Whether the process runs, and since when',
        shell: 'systemctl status redis-server || docker compose ps redis',
      },
      { look: 'Whether the kernel killed it for memory', shell: "journalctl -k --since -1h | grep -i 'out of memory'" },
      { look: 'Its own last words', shell: 'journalctl -u redis-server -n 50 || docker compose logs --tail 50 redis' },
    ],
    mitigation: [
      `BUSY: end the script with ${cli('script kill')}; one that has already written can only be ended with its server.`,
      'Killed for memory: set maxmemory below what the machine has, then start it.',
      'It stops while it loads its file: check that with redis-check-aof or redis-check-rdb before you repair it.',
      'Start it: systemctl start redis-server, or docker compose up -d redis. With a replica, promote that instead.',
    ],
  },
})

export const redisLoading = alert({
  name: 'RedisLoading',
  // One scrape that lacks it must not begin the wait anew.
  expr: eq(maxOverTime(loading, '1m'), 1),
  for: '2m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `Redis ${label('instance')} loads its data for minutes, and refuses every command with LOADING`,
  action: `See how long it still takes: ${cli('info persistence | grep loading_')}. Leave it alone: a restart begins anew.`,
  runbook: {
    meaning: 'It runs and answers INFO, but has not read its file, or the copy from its master, into memory yet.',
    impact: 'As if it were down: no session and no cached page can be read until it is done.',
    diagnosis: [
      { look: 'How much is loaded, and how many seconds are left', shell: cli('info persistence | grep loading_') },
      { look: 'Whether the disk is the brake', shell: 'vmstat 1 5' },
    ],
    mitigation: [
      'Wait for it. A restart would begin anew.',
      'If it is a replica, take it out of what reads are sent to.',
      'If the data may be lost (a cache alone), stop it, move its dump.rdb and appendonlydir aside, and start it empty.',
    ],
  },
})

/** How many processes have answered under one name: each has an id of its own. */
const processes = (window: Duration) => count(count(countOverTime(instanceInfo, window), [...server, 'run_id']), server)

export const redisRestarted = alert({
  name: 'RedisRestarted',
  expr: gt(processes('15m'), 1),
  for: '1s',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) =>
    `Redis ${label('instance')} is another process than 15 minutes ago: what was not saved is lost`,
  action: 'If nobody did it on purpose, find out why: the log of the server, and dmesg for a kill because of memory.',
  runbook: {
    meaning:
      'The run id that INFO tells has changed within 15 minutes: the server was started anew, or another one answers under its name.',
    impact:
      'Everything since the last save is gone: sessions, cached pages, queued jobs. PostgreSQL takes more load until the cache ' +
      'is warm.',
    diagnosis: [
      { look: 'Which process it is, and since when', shell: cli("info server | grep -E 'run_id|uptime_in_seconds'") },
      {
        look: 'How the one before ended',
        shell: 'journalctl -u redis-server -n 100 || docker compose logs -n 100 redis',
      },
      { look: 'Whether the kernel killed it for memory', shell: "journalctl -k --since -1h | grep -i 'out of memory'" },
    ],
    mitigation: [
      'Nothing, if it was a deploy or an update.',
      'Killed for memory: set maxmemory below what the machine has.',
      'A crash (the log has "REDIS BUG REPORT"): update to the newest patch release and keep the report.',
    ],
  },
})

export const redisRestartingOften = alert({
  name: 'RedisRestartingOften',
  threshold: { is: '3', least: '2', most: '20', source: 'Ours: one is a deploy, two a deploy that was taken back' },
  expr: (threshold) => gt(processes('1h'), threshold),
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Redis ${label('instance')} ran as ${value.plain} processes within an hour: it does not stay up`,
  action: 'Read how the last one ended: journalctl -u redis-server -n 100, or docker compose logs -n 100 redis.',
  runbook: {
    meaning:
      'So many run ids have answered under this name within an hour. Whoever supervises it starts it again and again.',
    impact: 'Guests are logged out at each restart, and the cache never gets warm.',
    diagnosis: [
      {
        look: 'How the last ones ended',
        shell: 'journalctl -u redis-server -n 200 || docker compose logs -n 200 redis',
      },
      { look: 'Whether the kernel kills it for memory', shell: "journalctl -k --since -1h | grep -i 'out of memory'" },
      {
        look: 'How much it uses, and may use',
        shell: cli("info memory | grep -E '^(used_memory_rss|maxmemory|total_system_memory):'"),
      },
    ],
    mitigation: [
      'Killed for memory: lower maxmemory, or give the machine or the container more.',
      'Killed by a health check: give it more time, as loading can take longer than the check waits.',
      'Crashing: go back to the release before, or start it without the module that crashes.',
    ],
  },
})

/** Refusals of writes that are the server's own: those for lack of memory have an alert of theirs. */
const refusals = ['MISCONF', 'READONLY'] as const

export const redisWritesRefused = alert({
  name: 'RedisWritesRefused',
  threshold: { is: '5', least: '0', most: '10000', source: 'Ours: a slip at the prompt is one or two' },
  expr: (threshold) => gt(round(increase(errors.where({ err: matches(refusals.join('|')) }), '5m')), threshold),
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Redis ${label('instance')} refused ${value.plain} writes within 5 minutes with ${label('err')}`,
  action:
    'MISCONF: saving fails, see free disk and the log of the server. READONLY: clients write to a replica, as they do when they ' +
    'missed a failover: restart them or mend their address.',
  runbook: {
    meaning:
      'Writes were answered with an error of the server: MISCONF where it can not save and has been told to stop then, READONLY ' +
      'where it is a replica.',
    impact: 'Nobody can log in, and nothing new is cached. Reads still work, so that it looks half well.',
    diagnosis: [
      { look: 'Whether it is master or replica', shell: cli('info replication | grep -E "^(role|master_)"') },
      { look: 'Whether saving works', shell: cli('info persistence | grep -E "status|last_save"') },
      { look: 'Who is connected', shell: cli('client list') },
    ],
    mitigation: [
      'MISCONF: free disk space or mend the rights of its folder; the next save that succeeds ends it.',
      `MISCONF, and guests wait: ${cli('config set stop-writes-on-bgsave-error no')}, and back to yes afterwards.`,
      'READONLY after a failover: restart the clients, and let them follow Sentinel or the cluster instead of one address.',
      'READONLY without a failover: somebody ran REPLICAOF. Undo it with REPLICAOF NO ONE where this is the master.',
    ],
  },
})

export const availabilityAlerts: readonly Alert[] = [
  redisDown,
  redisLoading,
  redisRestarted,
  redisRestartingOften,
  redisWritesRefused,
]
