import { boundary } from '../alerts/alert.ts'
import { fileDescriptorsNearLimit } from '../alerts/service/process.ts'
import { eventLoopBusy, eventLoopLagging, heapNearLimit } from '../alerts/service/runtime.ts'
import { healthCheckDuration, healthCheckUp } from '../exporters/service/health/checks.ts'
import {
  clientPoolConnections,
  clientPoolConnectionsMax,
  clientPoolWaitingRequests,
  redisClientCommands,
} from '../exporters/service/runtime/pools.ts'
import {
  activeResourcesTotal,
  cpuTime,
  eventLoopLagP50,
  eventLoopLagP99,
  eventLoopUtilization,
  externalMemory,
  gcDuration,
  heapSizeLimit,
  heapUsed,
  heapUsedRatio,
  maxFds,
  openFds,
  processStartTime,
  residentMemory,
} from '../exporters/service/runtime/runtime-metrics.ts'
import { div, instant, max, min, rate, secondsSince, sum, sumOf } from '../metrics/promql.ts'
import { upOrDown } from './colour.ts'
import { dashboard, row } from './dashboard.ts'
import { stat, timeseries } from './panel.ts'
import { series } from './query.ts'
import { uids } from './uids.ts'
import { api } from './variables.ts'

// The exporter and the recorder of incidents are Node.js as well, and serve the same metrics of themselves.
const here = { instance: api.selected, job: 'api' } as const
const window = '$__rate_interval'
const each = ['instance'] as const

const now = row('Has it room left?', [
  stat({
    title: 'Event loop busy',
    description:
      'Share of its time that the event loop works; of several processes the busiest. At 100% requests queue.',
    unit: 'share',
    decimals: 1,
    queries: [series(max(instant(eventLoopUtilization.where(here))), '')],
    steps: [{ from: boundary(eventLoopBusy), is: 'bad' }],
  }),
  stat({
    title: 'Event loop lag, p99',
    description:
      'How long a timer comes too late: as long as something computed in one go. Every request waits for it.',
    unit: 'seconds',
    queries: [series(max(instant(eventLoopLagP99.where(here))), '')],
    steps: [{ from: boundary(eventLoopLagging), is: 'bad' }],
  }),
  stat({
    title: 'Heap in use',
    description: 'Share of what the heap may take, of several processes the fullest. At 100% Node ends the process.',
    unit: 'share',
    decimals: 0,
    queries: [series(max(instant(heapUsedRatio.where(here))), '')],
    steps: [{ from: boundary(heapNearLimit), is: 'bad' }],
  }),
  stat({
    title: 'Open files',
    description: 'Share of the file descriptors that may be open: sockets, files, pipes. At 100% nothing more opens.',
    unit: 'share',
    decimals: 1,
    queries: [series(max(div(instant(openFds.where(here)), instant(maxFds.where(here)))), '')],
    steps: [{ from: boundary(fileDescriptorsNearLimit), is: 'bad' }],
  }),
  stat({
    title: 'Up for',
    description: 'Since the process started, of several the youngest. Young without a deployment: it ended by itself.',
    unit: 'seconds',
    queries: [series(secondsSince(max(instant(processStartTime.where(here)))), '')],
  }),
  stat({
    title: 'What it needs',
    description: 'Whether its own health checks reach what they ask: of several processes every one.',
    unit: 'plain',
    queries: [series(min(instant(healthCheckUp.where(here)), ['check']), ({ label }) => label('check'))],
    names: upOrDown,
  }),
])

const loop = row('What holds it up?', [
  timeseries({
    title: 'Event loop lag',
    description: 'The median and p99 of how late timers come. p99 alone: now and then one thing computes too long.',
    width: 8,
    unit: 'seconds',
    min: 0,
    queries: [
      series(max(instant(eventLoopLagP50.where(here))), 'p50'),
      series(max(instant(eventLoopLagP99.where(here))), 'p99'),
    ],
    limits: [{ from: boundary(eventLoopLagging), is: 'bad' }],
  }),
  timeseries({
    title: 'Time in garbage collections',
    description:
      'Share of the time, by kind. `minor` is usual; `major` that grows with the heap says that the heap is nearly full, or that something leaks.',
    width: 8,
    unit: 'share',
    min: 0,
    queries: [series(sum(rate(sumOf(gcDuration.where(here)), window), ['kind']), ({ label }) => label('kind'))],
    stack: true,
  }),
  timeseries({
    title: 'Processor',
    description: 'Of one core, which is about what one process of Node can use of any machine.',
    width: 8,
    unit: 'share',
    min: 0,
    queries: [series(sum(rate(cpuTime.where(here), window), each), ({ label }) => label('instance'))],
  }),
])

const memory = row('What grows?', [
  timeseries({
    title: 'Memory',
    description:
      '`resident` is what the system counts, `heap` the objects of JavaScript, `external` buffers outside of it. A heap that rises after every collection leaks.',
    unit: 'bytes',
    min: 0,
    queries: [
      series(sum(instant(residentMemory.where(here))), 'resident'),
      series(sum(instant(heapUsed.where(here))), 'heap'),
      series(sum(instant(externalMemory.where(here))), 'external'),
      series(sum(instant(heapSizeLimit.where(here))), 'limit of the heap'),
    ],
    bounds: ['limit of the heap'],
  }),
  timeseries({
    title: 'Sockets, timers and files in use',
    description: 'What keeps the event loop alive. It follows the traffic; one that only rises is forgotten somewhere.',
    unit: 'count',
    min: 0,
    queries: [
      series(sum(instant(activeResourcesTotal.where(here))), 'resources'),
      series(sum(instant(openFds.where(here))), 'file descriptors'),
    ],
  }),
])

const needs = row('Does it wait for others?', [
  timeseries({
    title: 'Connections to PostgreSQL',
    description: 'Of its own pools, those in use and idle ones. At `limit` the next request waits.',
    width: 6,
    unit: 'count',
    min: 0,
    queries: [
      series(sum(instant(clientPoolConnections.where(here)), ['state']), ({ label }) => label('state')),
      series(sum(instant(clientPoolConnectionsMax.where(here))), 'limit'),
    ],
    colours: { idle: 'neutral', used: 'good' },
    bounds: ['limit'],
  }),
  timeseries({
    title: 'Requests that wait for a connection',
    description:
      'Above 0 every connection of the pool is in use: slow statements, a transaction left open, or too small a pool.',
    width: 6,
    unit: 'count',
    min: 0,
    queries: [series(sum(instant(clientPoolWaitingRequests.where(here)), ['pool']), ({ label }) => label('pool'))],
  }),
  timeseries({
    title: 'Commands under way to Redis',
    description: '`sent` have no answer yet; `waiting` have no connection. Both are near 0 as long as Redis answers.',
    width: 6,
    unit: 'count',
    min: 0,
    queries: [series(sum(instant(redisClientCommands.where(here)), ['state']), ({ label }) => label('state'))],
    colours: { waiting: 'warning' },
  }),
  timeseries({
    title: 'Health checks',
    description: 'How long each takes. One that takes as long as it may is the one that hangs.',
    width: 6,
    unit: 'seconds',
    min: 0,
    queries: [series(max(instant(healthCheckDuration.where(here)), ['check']), ({ label }) => label('check'))],
  }),
])

export const runtime = dashboard({
  uid: uids.runtime,
  title: 'Node.js',
  description: 'The process of the API: its event loop, memory, pools, and what it waits for.',
  variables: [api],
  rows: [now, loop, memory, needs],
})
