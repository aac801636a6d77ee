import {
  blockedClients,
  connectedClients,
  evictedClients,
  inputDisconnections,
  maxClients,
  outputDisconnections,
} from '../../exporters/redis/clients.ts'
import { clientBuffers, memoryUsed } from '../../exporters/redis/memory.ts'
import { rejectedConnections } from '../../exporters/redis/stats.ts'
import { add, and, avgOverTime, div, gt, increase, instant, minOverTime, mul, round } from '../../metrics/promql.ts'
import { orNone } from '../../metrics/share.ts'
import { type Alert, alert } from '../alert.ts'
import { cli } from './cli.ts'

const byAddress = cli("client list | grep -oE ' addr=[^:]+' | sort | uniq -c | sort -rn | head")

export const redisClientsNearLimit = alert({
  name: 'RedisClientsNearLimit',
  threshold: { is: '90 %', least: '30 %', most: '99 %', source: 'awesome-prometheus-alerts warns at 90 %' },
  expr: (threshold) => gt(div(instant(connectedClients), gt(instant(maxClients), 0)), threshold),
  for: '2m',
  keepFiringFor: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${value.percent} of the connections that Redis ${label('instance')} takes are in use: soon nobody new gets in`,
  action: `See who holds them: ${byAddress}. Restart the client that leaks, or raise maxclients.`,
  runbook: {
    meaning: 'Connections of clients over maxclients, replicas left out.',
    impact: 'At 100 % new connections are refused: an API process that restarts then has no sessions and no cache.',
    diagnosis: [
      { look: 'Who holds them, by address', shell: byAddress },
      {
        look: 'Which have been idle longest',
        shell: cli("client list | grep -oE '( name| idle)=[^ ]*' | paste - - | sort -t= -k3 -rn | head"),
      },
      { look: 'The limit, and how many files the process may open', shell: cli('config get maxclients') },
    ],
    mitigation: [
      'Restart the client that leaks connections: each API process needs one or two.',
      `End idle connections: ${cli('config set timeout 300')}.`,
      `Raise the limit: ${cli('config set maxclients 20000')}; each takes a file descriptor and some 20 kB.`,
    ],
  },
})

export const redisConnectionsRejected = alert({
  name: 'RedisConnectionsRejected',
  threshold: { is: '0', least: '0', most: '10000', source: 'awesome-prometheus-alerts tells of the first' },
  expr: (threshold) => gt(round(increase(rejectedConnections, '5m')), threshold),
  for: '1s',
  keepFiringFor: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Redis ${label('instance')} refused ${value.plain} connections within 5 minutes: maxclients is reached`,
  action: `Raise the limit first: ${cli('config set maxclients 20000')}. Then see who holds them: ${byAddress}.`,
  runbook: {
    meaning: 'Connections that were refused because as many clients as maxclients allows were there already.',
    impact:
      'What was refused works without sessions and cache; requests fail or are slow, depending on which process they meet.',
    diagnosis: [
      {
        look: 'Connected, limit, refused',
        shell: cli('info | grep -E "^(connected_clients|maxclients|rejected_connections):"'),
      },
      { look: 'Who holds them, by address', shell: byAddress },
    ],
    mitigation: [
      `Raise the limit: ${cli('config set maxclients 20000')}. If it is not taken, raise LimitNOFILE of the service first.`,
      'Restart the client that leaks connections.',
      `If no connection is left for you, CLIENT KILL from one that is open, or restart the largest client.`,
    ],
  },
})

/** So many times as many as on average: workers of a queue wait in a blocking command all day long, and may. */
const unusual = 3

export const redisBlockedClientsSurging = alert({
  name: 'RedisBlockedClientsSurging',
  threshold: { is: '20', least: '1', most: '10000', source: 'Ours: fewer is a handful of workers that were added' },
  expr: (threshold) =>
    and(
      gt(minOverTime(blockedClients, '5m'), threshold),
      gt(instant(blockedClients), mul(avgOverTime(blockedClients, '1d'), unusual)),
    ),
  for: '10m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${value.plain} clients of Redis ${label('instance')} wait in a blocking command, three times as many as on average`,
  action: `See what they wait in: ${cli("client list | grep -E 'flags=[^ ]*b' | grep -oE ' cmd=[^ ]*' | sort | uniq -c")}.`,
  runbook: {
    meaning:
      'Clients that wait in BLPOP, BRPOPLPUSH, XREAD BLOCK, WAIT and the like, now and over the last day. The day includes now, so ' +
      'that after some hours the new number is the usual one.',
    impact:
      'Their requests or jobs stand still. Something no longer fills the list they wait for, or replicas no longer confirm.',
    diagnosis: [
      {
        look: 'What they wait in',
        shell: cli("client list | grep -E 'flags=[^ ]*b' | grep -oE ' cmd=[^ ]*' | sort | uniq -c"),
      },
      { look: 'Whether anything is written', shell: cli('info commandstats | grep -E "push|xadd|wait"') },
    ],
    mitigation: [
      'Restart what should fill the list: the producer has stopped, or writes to another server or database.',
      'WAIT: see the alerts of replication, no replica confirms.',
      `If CLIENT PAUSE was forgotten: ${cli('client unpause')}.`,
    ],
  },
})

/** Some 3,000 connections have as much without anything being wrong. */
const largeBuffers = 64 * 1024 ** 2

export const redisClientBuffersLarge = alert({
  name: 'RedisClientBuffersLarge',
  threshold: { is: '25 %', least: '5 %', most: '95 %', source: 'Ours: a quarter of the memory is no data' },
  expr: (threshold) =>
    and(
      gt(div(instant(clientBuffers), gt(instant(memoryUsed), 0)), threshold),
      gt(instant(clientBuffers), largeBuffers),
    ),
  for: '5m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${value.percent} of the memory of Redis ${label('instance')} are buffers of clients that do not take their replies`,
  action: `Find the client with the largest: ${cli("client list | grep -oE '( addr| name| omem)=[^ ]*' | paste - - - | sort -t= -k4 -rn | head -5")}.`,
  runbook: {
    meaning: 'Buffers for commands and replies of clients, replicas left out, over all memory in use, from 64 MiB on.',
    impact: 'They count towards maxmemory: keys are evicted, or writes refused, for replies that nobody reads.',
    diagnosis: [
      {
        look: 'The largest output buffers',
        shell: cli("client list | grep -oE '( addr| name| omem)=[^ ]*' | paste - - - | sort -t= -k4 -rn | head -5"),
      },
      { look: 'Whether somebody left MONITOR running', shell: cli("client list | grep 'cmd=monitor'") },
      { look: 'The limits', shell: cli('config get client-output-buffer-limit') },
    ],
    mitigation: [
      `End that client: ${cli('client kill addr ADDRESS:PORT')}.`,
      `Limit what may wait: ${cli('config set client-output-buffer-limit "normal 64mb 16mb 60"')}.`,
      'Let the application read large collections in parts (SCAN, HSCAN, LRANGE with bounds).',
    ],
  },
})

/** Counted from 7.0 on, the other two from 7.2 on. */
const largest = increase(evictedClients, '15m')
const others = [outputDisconnections, inputDisconnections].map((one) => orNone(increase(one, '15m'), largest))

export const redisClientsDropped = alert({
  name: 'RedisClientsDropped',
  threshold: {
    is: '5',
    least: '0',
    most: '10000',
    source: 'Ours: one client that comes back is dropped again and again',
  },
  expr: (threshold) => gt(round(others.reduce((all, one) => add(all, one), largest)), threshold),
  for: '1m',
  keepFiringFor: '15m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Redis ${label('instance')} hung up on ${value.plain} clients within 15 minutes because of their buffers`,
  action: 'The log of the server names each: journalctl -u redis-server -n 50, or docker compose logs -n 50 redis.',
  runbook: {
    meaning:
      'Clients that were disconnected because they took their replies too slowly, sent too much at once, or were the largest when ' +
      'maxmemory-clients was reached. Replicas count too.',
    impact: 'A subscriber misses messages; a replica begins its copy anew and may never come to an end.',
    diagnosis: [
      { look: 'Which ones, and why', shell: 'journalctl -u redis-server -n 50 || docker compose logs -n 50 redis' },
      { look: 'Of which kind', shell: cli('info stats | grep -E "disconnections|evicted_clients"') },
      { look: 'The limits', shell: cli('config get client-output-buffer-limit') },
    ],
    mitigation: [
      `A replica: ${cli('config set client-output-buffer-limit "replica 1gb 256mb 120"')} until its copy is done.`,
      'A subscriber: it does too much for each message. Let it only queue them.',
      'Large replies: read collections in parts.',
    ],
  },
})

export const clientAlerts: readonly Alert[] = [
  redisClientsNearLimit,
  redisConnectionsRejected,
  redisBlockedClientsSurging,
  redisClientBuffersLarge,
  redisClientsDropped,
]
