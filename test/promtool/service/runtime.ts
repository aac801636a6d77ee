import {
  eventLoopBusy,
  eventLoopLagging,
  garbageCollecting,
  heapNearLimit,
  workersSilent,
} from '../../../alerts/service/runtime.ts'
import {
  eventLoopLagP99,
  eventLoopUtilization,
  gcDuration,
  heapUsedRatio,
  processStartTime,
} from '../../../exporters/service/runtime/runtime-metrics.ts'
import { serviceWorkers } from '../../../exporters/service/serving/cluster.ts'
import type { Case } from '../case.ts'
import { observed, scraped, series } from '../series.ts'

const loop: readonly Case[] = [
  {
    name: 'an event loop that is held up for longer than half of what is promised is told',
    about: eventLoopLagging,
    series: [series(eventLoopLagP99, 'api', '0.01x4 0.3x15')],
    at: '12m',
    fires: [{ rule: eventLoopLagging, labels: scraped.api, value: '300ms' }],
  },
  {
    name: 'an event loop that is held up is not told at once',
    about: eventLoopLagging,
    series: [series(eventLoopLagP99, 'api', '0.01x4 0.3x15')],
    at: '8m',
    fires: [],
  },
  {
    name: 'an event loop that was held up for some minutes is not told',
    about: eventLoopLagging,
    series: [series(eventLoopLagP99, 'api', '0.01x4 2x3 0.25x15')],
    at: '12m',
    fires: [],
  },
]

const heap: readonly Case[] = [
  {
    name: 'a heap that stays near its limit is told',
    about: heapNearLimit,
    series: [series(heapUsedRatio, 'api', '0.5x4 0.95x15')],
    at: '12m',
    fires: [{ rule: heapNearLimit, labels: scraped.api, value: '95%' }],
  },
  {
    name: 'a heap that the garbage collector empties again is not told',
    about: heapNearLimit,
    series: [series(heapUsedRatio, 'api', '0.95x3 0.5 0.95x3 0.5 0.95x3')],
    at: '10m',
    fires: [],
  },
]

const busy: readonly Case[] = [
  {
    name: 'an event loop that has no room left is told',
    about: eventLoopBusy,
    series: [series(eventLoopUtilization, 'api', '0.95x30')],
    at: '20m',
    fires: [{ rule: eventLoopBusy, labels: scraped.api, value: '95%' }],
  },
  {
    name: 'an event loop that is busy most of the time is not told',
    about: eventLoopBusy,
    series: [series(eventLoopUtilization, 'api', '0.89x30')],
    at: '20m',
    fires: [],
  },
  {
    name: 'an event loop that is busy for ten minutes is not told',
    about: eventLoopBusy,
    series: [series(eventLoopUtilization, 'api', '0.1x9 0.99x30')],
    at: '20m',
    fires: [],
  },
  {
    name: 'one scrape at which the event loop had room does not hide that it has none',
    about: eventLoopBusy,
    series: [series(eventLoopUtilization, 'api', '0.99x16 0.9 0.99x10')],
    at: '26m',
    fires: [{ rule: eventLoopBusy, labels: scraped.api, value: '99%' }],
  },
]

/** So many collections of half a second each a minute, of each of two kinds. */
const collecting = (perMinute: number) => [
  series(processStartTime, 'api', '100x40'),
  ...['major', 'minor'].flatMap((kind) =>
    observed(gcDuration, 'api', { seconds: 0.5, phases: [[perMinute, 40]] }, { kind }),
  ),
]
const workers = (answering: string, silent: string) => [
  series(serviceWorkers, 'api', answering, { state: 'answering' }),
  series(serviceWorkers, 'api', silent, { state: 'silent' }),
]

const garbage: readonly Case[] = [
  {
    name: 'a process that spends a fifth of its time on garbage is told',
    about: garbageCollecting,
    series: collecting(12),
    at: '20m',
    fires: [{ rule: garbageCollecting, labels: scraped.api, value: '20%' }],
  },
  {
    name: 'a process that spends an eleventh of its time on garbage is not told',
    about: garbageCollecting,
    series: collecting(5.4),
    at: '20m',
    fires: [],
  },
  {
    name: 'a process that collects much for some minutes is not told',
    about: garbageCollecting,
    series: collecting(12),
    at: '8m',
    fires: [],
  },
  {
    name: 'what four workers spend on garbage is shared out among them',
    about: garbageCollecting,
    series: [...collecting(12), ...workers('3x40', '1x40')],
    at: '20m',
    fires: [],
  },
  {
    name: 'four workers that spend a fifth of their time on garbage are told',
    about: garbageCollecting,
    series: [...collecting(48), ...workers('3x40', '1x40')],
    at: '20m',
    fires: [{ rule: garbageCollecting, labels: scraped.api, value: '20%' }],
  },
]

const silent: readonly Case[] = [
  {
    name: 'workers that do not answer are told',
    about: workersSilent,
    series: workers('4x4 2x10', '0x4 2x10'),
    at: '8m',
    fires: [{ rule: workersSilent, labels: { ...scraped.api, state: 'silent' }, value: '2' }],
  },
  {
    name: 'workers that all answer are not told',
    about: workersSilent,
    series: workers('4x14', '0x14'),
    at: '8m',
    fires: [],
  },
  {
    name: 'a worker that did not answer one scrape is not told',
    about: workersSilent,
    series: workers('4x4 3 4x10', '0x4 1 0x10'),
    at: '5m',
    fires: [],
  },
]

export const runtimeCases: readonly Case[] = [...loop, ...heap, ...busy, ...garbage, ...silent]
