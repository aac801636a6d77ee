import {
  fileDescriptorsNearLimit,
  handlesLeaking,
  memoryGrowing,
  serviceErrors,
  serviceRestarting,
} from '../../../alerts/service/process.ts'
import { processErrorsTotal } from '../../../exporters/service/errors/errors.ts'
import { activeConnections } from '../../../exporters/service/http/metrics.ts'
import {
  activeHandlesTotal,
  maxFds,
  openFds,
  processStartTime,
  residentMemory,
} from '../../../exporters/service/runtime/runtime-metrics.ts'
import type { Duration } from '../../../metrics/promql.ts'
import type { Case } from '../case.ts'
import { named, sideBySide } from '../http/requests.ts'
import { scraped, series } from '../series.ts'

const restarting: readonly Case[] = [
  {
    name: 'a service that ends and is started again and again is told',
    about: serviceRestarting,
    series: [series(processStartTime, 'api', '100x5 400 _x2 580 640x4')],
    at: '12m',
    fires: [{ rule: serviceRestarting, labels: scraped.api, value: '3' }],
  },
  {
    name: 'a release that is undone at once is not told',
    about: serviceRestarting,
    series: [series(processStartTime, 'api', '100x5 400x2 580x10')],
    at: '15m',
    fires: [],
  },
  {
    name: 'restarts of long ago are not told any more',
    about: serviceRestarting,
    series: [series(processStartTime, 'api', '100 160 220 280x20')],
    at: '20m',
    fires: [],
  },
]

const uncaught: readonly Case[] = [
  {
    name: 'a rejection that nobody handled is told',
    about: serviceErrors,
    series: [
      series(processErrorsTotal, 'api', '0x4 1x6', { kind: 'unhandledRejection' }),
      series(processErrorsTotal, 'api', '0x10', { kind: 'uncaughtException' }),
    ],
    at: '8m',
    fires: [{ rule: serviceErrors, labels: { ...scraped.api, kind: 'unhandledRejection' } }],
  },
  {
    name: 'an exception that ended a worker, and was told by its primary, is told',
    about: serviceErrors,
    series: [series(processErrorsTotal, 'api', '0x4 1x6', { kind: 'uncaughtException' })],
    at: '8m',
    fires: [{ rule: serviceErrors, labels: { ...scraped.api, kind: 'uncaughtException' } }],
  },
  {
    name: 'an exception that ended the process is not told by a count that ended with it',
    about: serviceErrors,
    series: [series(processErrorsTotal, 'api', '0x4 _ 0x6', { kind: 'uncaughtException' })],
    at: '8m',
    fires: [],
  },
  {
    name: 'an error of long ago is not told any more',
    about: serviceErrors,
    series: [series(processErrorsTotal, 'api', '0x2 1x20', { kind: 'unhandledRejection' })],
    at: '15m',
    fires: [],
  },
]

const fds = (open: string) => [series(openFds, 'api', open), series(maxFds, 'api', '1000x30')]

const descriptors: readonly Case[] = [
  {
    name: 'a process with most of its file descriptors open is told',
    about: fileDescriptorsNearLimit,
    series: fds('100x4 850x20'),
    at: '12m',
    fires: [{ rule: fileDescriptorsNearLimit, labels: scraped.api, value: '85%' }],
  },
  {
    name: 'a process with four fifths of its file descriptors open is not told',
    about: fileDescriptorsNearLimit,
    series: fds('800x30'),
    at: '12m',
    fires: [],
  },
  {
    name: 'many open file descriptors are not told at once',
    about: fileDescriptorsNearLimit,
    series: fds('100x4 850x20'),
    at: '9m',
    fires: [],
  },
]

/** Five minutes between samples: a level until ten hours, one until eighteen, and one after. */
const step: Duration = '5m'
const levels = (first: number, second: number, third: number) => `${first}x120 ${second}x100 ${third}x120`
const started = (values = '100x400') => series(processStartTime, 'api', values)
const later: Duration = '1650m'

const million = 1_000_000
const held = (first: number, second: number, third: number) =>
  series(residentMemory, 'api', levels(first * million, second * million, third * million))

const memory: readonly Case[] = [
  {
    name: 'memory that grows by more than a half in a day is told, and only where it never gives it back',
    about: memoryGrowing,
    series: sideBySide({
      'a half': [started(), held(200, 260, 320)],
      'a fifth': [started(), held(1000, 1120, 1200)],
      small: [started(), held(100, 125, 150)],
      'taken once': [started(), held(200, 310, 320)],
      'taken a moment ago': [started(), held(200, 210, 320)],
      'given back': [
        started(),
        series(
          residentMemory,
          'api',
          `${200 * million}x120 ${260 * million}x100 ${320 * million}x90 ${200 * million} ${320 * million}x30`,
        ),
      ],
      'started anew': [started('100x100 500x300'), held(200, 260, 320)],
    }),
    step,
    at: later,
    fires: [{ rule: memoryGrowing, labels: named('a half'), value: '60%' }],
  },
  {
    name: 'memory that grew is not told at once',
    about: memoryGrowing,
    series: [started(), held(200, 260, 320)],
    step,
    at: '1300m',
    fires: [],
  },
]

const open = (handles: string, connections = '10x60 12x60 10x300') => [
  started(),
  series(activeHandlesTotal, 'api', handles),
  series(activeConnections, 'api', connections),
]

const handles: readonly Case[] = [
  {
    name: 'handles that nobody closes are told, and only where they are many, no connections, and ever more',
    about: handlesLeaking,
    series: sideBySide({
      many: open(levels(60, 130, 200)),
      ninety: open(levels(60, 105, 150)),
      'of clients': open(levels(60, 130, 200), levels(10, 80, 150)),
      'opened once': open(levels(60, 200, 200)),
    }),
    step,
    at: later,
    fires: [{ rule: handlesLeaking, labels: named('many'), value: '140' }],
  },
  {
    name: 'handles that were opened are not told at once',
    about: handlesLeaking,
    series: open(levels(60, 130, 200)),
    step,
    at: '1300m',
    fires: [],
  },
]

export const processCases: readonly Case[] = [...restarting, ...uncaught, ...descriptors, ...memory, ...handles]
