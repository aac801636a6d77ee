import { boundary } from '../alerts/alert.ts'
import { mainThreadBusy, redisCommandSlow, redisCpuSaturated } from '../alerts/redis/performance.ts'
import { redisForkSlow, redisSaveStale } from '../alerts/redis/persistence.ts'
import { redisReplicaBehind } from '../alerts/redis/replication.ts'
import { commandCalls, commandSeconds, commandsFailed, commandsRejected } from '../exporters/redis/commands.ts'
import {
  appendOnly,
  lastFork,
  lastRewriteDuration,
  lastSave,
  lastSaveDuration,
  lastSaveOk,
  lastWriteOk,
  unsavedChanges,
} from '../exporters/redis/persistence.ts'
import { masterLinkUp } from '../exporters/redis/replica.ts'
import { connectedReplicas, fullCopies, replicaLagBytes } from '../exporters/redis/replication.ts'
import { slowEntries } from '../exporters/redis/slowlog.ts'
import { add, div, gt, gte, increase, instant, max, min, rate, secondsSince, sum } from '../metrics/promql.ts'
import { row } from './dashboard.ts'
import { most } from './most.ts'
import { stat, timeseries } from './panel.ts'
import { series } from './query.ts'
import { table } from './table.ts'
import { uids } from './uids.ts'
import { command, redisServer } from './variables.ts'

const here = { instance: redisServer.selected }
const window = '$__rate_interval'
const over = (what: typeof commandCalls) => sum(increase(what.where(here), '$__range'), ['cmd'])
/** Without those that nobody called: their mean is none. */
const calls = gt(over(commandCalls), 0)

export const commandRow = row('Which commands cost?', [
  table({
    title: 'Commands',
    description:
      'What each command cost over the shown range, the costliest first; a click on one shows how it went, beside. One that is slow on average (KEYS, a large LRANGE) holds up all the others: there is one thread.',
    width: 9,
    height: 9,
    rows: { cmd: { title: 'Command', width: 120, opens: { uid: uids.redis, choose: { cmd: command } } } },
    columns: [
      { title: 'Time', expr: over(commandSeconds), unit: 'seconds' },
      {
        title: 'Mean',
        expr: div(over(commandSeconds), calls),
        unit: 'seconds',
        steps: [{ from: boundary(redisCommandSlow), is: 'bad' }],
      },
      { title: 'Calls', expr: calls, unit: 'count', decimals: 0 },
      {
        title: 'Refused or failed',
        expr: add(over(commandsRejected), over(commandsFailed)),
        unit: 'count',
        decimals: 0,
        steps: [{ from: 1, is: 'warning' }],
      },
    ],
    sortBy: 'Time',
  }),
  timeseries({
    title: 'Time by command',
    description:
      'Share of the time that each of the ten commands takes that cost most in the shown range, of those that are chosen.',
    width: 5,
    height: 9,
    unit: 'share',
    min: 0,
    queries: [
      series(
        most(10, sum(rate(commandSeconds.where({ ...here, cmd: command.selected }), window), ['cmd'])),
        ({ label }) => label('cmd'),
      ),
    ],
    stack: true,
  }),
  timeseries({
    title: 'The one thread',
    description: 'Share of the time in which the thread that runs commands works. At 100% everybody waits in line.',
    width: 5,
    height: 9,
    unit: 'share',
    min: 0,
    queries: [series(max(mainThreadBusy(window, here)), 'busy')],
    limits: [{ from: boundary(redisCpuSaturated), is: 'bad' }],
  }),
  timeseries({
    title: 'Slow calls',
    description: 'Calls per second that entered the slow log: slowlog get 10 says which, and with which keys.',
    width: 5,
    height: 9,
    unit: 'perSecond',
    min: 0,
    queries: [series(sum(rate(slowEntries.where(here), window)), 'slow')],
  }),
])

const wellOrFailed = { 1: { text: 'WELL', is: 'good' }, 0: { text: 'FAILED', is: 'bad' } } as const

export const persistenceRow = row('Would it outlive a crash?', [
  stat({
    title: 'Last save',
    description:
      'Whether the last save of all data to the disk succeeded. FAILED: a crash loses what changed since the one before.',
    width: 6,
    unit: 'plain',
    queries: [series(instant(lastSaveOk.where(here)), '')],
    names: wellOrFailed,
  }),
  stat({
    title: 'Saved ago',
    description: 'How old the last save is. It is made only when something changed.',
    width: 6,
    unit: 'seconds',
    queries: [series(secondsSince(instant(lastSave.where(here))), '')],
    steps: [{ from: boundary(redisSaveStale), is: 'warning' }],
  }),
  stat({
    title: 'Append-only file',
    description: 'Whether every change is written at once, so that a crash loses a second at most.',
    width: 6,
    unit: 'plain',
    queries: [series(instant(appendOnly.where(here)), '')],
    names: { 1: { text: 'ON', is: 'good' }, 0: { text: 'OFF', is: 'neutral' } },
  }),
  stat({
    title: 'Its last write',
    description: 'Whether the last write of that file succeeded. FAILED: Redis refuses every write.',
    width: 6,
    unit: 'plain',
    queries: [series(instant(lastWriteOk.where(here)), '')],
    names: wellOrFailed,
  }),
  timeseries({
    title: 'Changes since the last save',
    description: 'Changes that only memory holds, where no append-only file is written. It falls to 0 at each save.',
    width: 8,
    height: 6,
    unit: 'count',
    min: 0,
    queries: [series(instant(unsavedChanges.where(here)), 'changes')],
  }),
  timeseries({
    title: 'Stopped by a fork',
    description:
      'How long the last fork, for a save or a rewrite, stopped every client. It grows with the memory in use.',
    width: 8,
    height: 6,
    unit: 'seconds',
    min: 0,
    queries: [series(instant(lastFork.where(here)), 'stopped')],
    limits: [{ from: boundary(redisForkSlow), is: 'bad' }],
  }),
  timeseries({
    title: 'How long a save takes',
    description:
      'The last whole save, and the last rewrite of the append-only file. Both read all of memory and write it beside: they grow with it, and with a slow disk.',
    width: 8,
    height: 6,
    unit: 'seconds',
    min: 0,
    queries: [
      series(gte(instant(lastSaveDuration.where(here)), 0), 'save', {
        emptyWhen: 'Nothing was saved since it started',
      }),
      series(gte(instant(lastRewriteDuration.where(here)), 0), 'rewrite', {
        emptyWhen: 'No append-only file was rewritten since it started',
      }),
    ],
  }),
])

const noReplica = { emptyWhen: 'It has no replica, or was not scraped' } as const

export const replicaRow = row('Do the replicas follow?', [
  timeseries({
    title: 'Replicas, and full copies',
    description:
      'Replicas that are connected, and full copies sent to them since the server started. A copy for each break of the line: repl-backlog-size is too small.',
    width: 8,
    unit: 'count',
    min: 0,
    queries: [
      series(instant(connectedReplicas.where(here)), 'connected'),
      series(instant(fullCopies.where(here)), 'full copies'),
    ],
  }),
  timeseries({
    title: 'Behind the master',
    description: 'On a master: changes that each of its replicas has yet to receive.',
    width: 8,
    unit: 'bytes',
    min: 0,
    queries: [
      series(
        max(instant(replicaLagBytes.where(here)), ['slave_ip', 'slave_port']),
        ({ label }) => `${label('slave_ip')}:${label('slave_port')}`,
        noReplica,
      ),
    ],
    limits: [{ from: boundary(redisReplicaBehind), is: 'warning' }],
  }),
  stat({
    title: 'Link to its master',
    description: 'On a replica: whether it receives changes. DOWN: it answers with old data.',
    width: 8,
    height: 8,
    unit: 'plain',
    queries: [series(min(instant(masterLinkUp.where(here))), '', { emptyWhen: 'It is a master, or was not scraped' })],
    names: { 1: { text: 'UP', is: 'good' }, 0: { text: 'DOWN', is: 'bad' } },
  }),
])
