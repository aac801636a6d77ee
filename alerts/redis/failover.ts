import { copyInProgress, masterLinkUp } from '../../exporters/redis/replica.ts'
import { instanceInfo } from '../../exporters/redis/server.ts'
import { and, count, countOverTime, eq, gt, instant, max, maxOverTime, unless } from '../../metrics/promql.ts'
import { target as server } from '../../metrics/target.ts'
import { type Alert, alert } from '../alert.ts'
import { cli } from './cli.ts'
import { log, state } from './replication.ts'

const masterAnswers = {
  look: 'Whether the master answers from this replica (NOAUTH is an answer)',
  shell: `${cli('info replication')} | tr -d '\\r' | sed -n 's/^master_host://p; s/^master_port://p' | xargs sh -c 'redis-cli -h $0 -p $1 ping'`,
} as const

const ofMaster = ['job', 'master_host', 'master_port'] as const

/** Known by the replicas alone: which of the servers that are scraped is their master nobody says. */
const masterless = and(
  and(eq(max(maxOverTime(masterLinkUp, '1m'), ofMaster), 0), eq(max(maxOverTime(copyInProgress, '1m'), ofMaster), 0)),
  gt(count(instant(masterLinkUp), ofMaster), 1),
)

export const redisNoMaster = alert({
  name: 'RedisNoMaster',
  expr: masterless,
  for: '3m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `No replica of ${label('master_host')}:${label('master_port')} reaches it, and none has taken its place: nobody can write`,
  action: 'If the master can not be started at once, promote the replica that is furthest: REPLICAOF NO ONE there.',
  runbook: {
    meaning:
      'All replicas of one master that are scraped, two or more, have lost the link to it for three minutes, and no failover has ' +
      'happened.',
    impact: 'Writes fail where the master is gone, and where it is not there is no copy of what is written now.',
    diagnosis: [
      state,
      masterAnswers,
      { look: 'What Sentinel thinks, where there is one', shell: 'redis-cli -p 26379 sentinel masters' },
    ],
    mitigation: [
      'Start the master, or mend the network between them.',
      'Promote the replica with the highest slave_repl_offset: REPLICAOF NO ONE. Then REPLICAOF HOST PORT on the others, and send the clients there.',
      'With Sentinel: sentinel failover NAME. If it refuses, fewer than its quorum agree.',
    ],
  },
})

export const redisReplicaLinkDown = alert({
  name: 'RedisReplicaLinkDown',
  expr: unless(
    // While it takes a full copy, the link counts as down.
    and(eq(maxOverTime(masterLinkUp, '1m'), 0), eq(maxOverTime(copyInProgress, '1m'), 0)),
    masterless,
    { on: ofMaster },
  ),
  for: '2m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `Replica ${label('instance')} has lost its master ${label('master_host')}:${label('master_port')}, and serves old data`,
  action:
    'Read the log of the replica: it says why at each attempt (refused, password, timeout). Then that of the master.',
  runbook: {
    meaning: 'master_link_status is down for two minutes and no copy is under way.',
    impact:
      'Reads from this replica are stale, or refused (replica-serve-stale-data no). It is no longer a copy to fail over to.',
    diagnosis: [state, log, masterAnswers],
    mitigation: [
      'Refused or timeout: start the master, or mend the network and the firewall.',
      'NOAUTH or WRONGPASS: CONFIG SET masterauth to the password of the master.',
      'The master has moved: REPLICAOF HOST PORT to where it is now.',
    ],
  },
})

/** Roles that a server has had. */
const roles = (now: boolean) =>
  now
    ? count(instant(instanceInfo), [...server, 'role'])
    : count(countOverTime(instanceInfo, '15m'), [...server, 'role'])

export const redisRoleChanged = alert({
  name: 'RedisRoleChanged',
  expr: and(roles(true), gt(count(roles(false), server), 1), { on: server }),
  for: '1s',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) =>
    `Redis ${label('instance')} has changed its role within 15 minutes: it is now ${label('role')}`,
  action:
    'If nobody did it on purpose, find out why the former master was given up. See that clients write to the new one.',
  runbook: {
    meaning: 'INFO told of another role within 15 minutes: a failover, or somebody ran REPLICAOF.',
    impact: 'What the former master had not sent yet is lost. Clients that did not follow get READONLY.',
    diagnosis: [
      state,
      log,
      { look: 'What Sentinel did, where there is one', shell: 'redis-cli -p 26379 sentinel masters' },
    ],
    mitigation: [
      'See that the service reaches the new master: RedisWritesRefused says if not.',
      'Start the former master as its replica before anybody writes to it: REPLICAOF HOST PORT.',
    ],
  },
})

export const failoverAlerts: readonly Alert[] = [redisNoMaster, redisReplicaLinkDown, redisRoleChanged]
