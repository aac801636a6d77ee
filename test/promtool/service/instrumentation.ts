import {
  instrumentationFaulty,
  logErrorsSurging,
  logLinesLost,
  seriesLimited,
} from '../../../alerts/service/instrumentation.ts'
import { instrumentationErrorsTotal } from '../../../exporters/service/instruments/faults.ts'
import { seriesLimitedTotal } from '../../../exporters/service/instruments/instruments.ts'
import { logMessagesLostTotal, logMessagesTotal } from '../../../exporters/service/log/log.ts'
import type { Case } from '../case.ts'
import { type Phases, rising, scraped, series } from '../series.ts'

const logged = (phases: Phases, level = 'error') => series(logMessagesTotal, 'api', rising(phases), { level })
/** Errors before, and for twenty minutes after ten hours. */
const surging = (before: number, after: number): Phases => [
  [before, 600],
  [after, 20],
]

const errors: readonly Case[] = [
  {
    name: 'errors that are logged many times as often as over the day are told',
    about: logErrorsSurging,
    series: [logged(surging(0.6, 10))],
    at: '615m',
    fires: [{ rule: logErrorsSurging, labels: { ...scraped.api, level: 'error' }, value: '100' }],
  },
  {
    name: 'errors that are logged for the first time, and often, are told',
    about: logErrorsSurging,
    series: [logged(surging(0, 10))],
    at: '615m',
    fires: [{ rule: logErrorsSurging, labels: { ...scraped.api, level: 'error' }, value: '100' }],
  },
  {
    name: 'fifty errors in ten minutes are not told',
    about: logErrorsSurging,
    series: [logged(surging(0.01, 5))],
    at: '615m',
    fires: [],
  },
  {
    name: 'errors that were logged nearly as often all day are not told',
    about: logErrorsSurging,
    series: [
      logged([
        [3, 1440],
        [10, 20],
      ]),
    ],
    at: '1455m',
    fires: [],
  },
  {
    name: 'errors are not told at once',
    about: logErrorsSurging,
    series: [
      logged([
        [0, 600],
        [60, 20],
      ]),
    ],
    at: '601m',
    fires: [],
  },
  {
    name: 'warnings are not told as errors',
    about: logErrorsSurging,
    series: [logged(surging(0.01, 10), 'warn'), logged([[0, 620]])],
    at: '615m',
    fires: [],
  },
]

const lost: readonly Case[] = [
  {
    name: 'lines that could not be written are told',
    about: logLinesLost,
    series: [series(logMessagesLostTotal, 'api', '0x4 3x20')],
    at: '8m',
    fires: [{ rule: logLinesLost, labels: scraped.api }],
  },
  {
    name: 'a log that loses nothing is not told',
    about: logLinesLost,
    series: [series(logMessagesLostTotal, 'api', '3x20')],
    at: '8m',
    fires: [],
  },
  {
    name: 'lines that were lost long ago are not told any more',
    about: logLinesLost,
    series: [series(logMessagesLostTotal, 'api', '0x4 3x30')],
    at: '20m',
    fires: [],
  },
]

const http = { part: 'http' } as const

const faulty: readonly Case[] = [
  {
    name: 'a part of the instrumentation that fails again and again is told',
    about: instrumentationFaulty,
    series: [
      series(instrumentationErrorsTotal, 'api', '_x4 1+1x20', http),
      series(instrumentationErrorsTotal, 'api', '4x25', { part: 'log' }),
    ],
    at: '15m',
    fires: [{ rule: instrumentationFaulty, labels: { ...scraped.api, ...http } }],
  },
  {
    name: 'a part of the instrumentation that failed before is not told',
    about: instrumentationFaulty,
    series: [series(instrumentationErrorsTotal, 'api', '4x25', http)],
    at: '15m',
    fires: [],
  },
  {
    name: 'a part of the instrumentation that fails is not told at once',
    about: instrumentationFaulty,
    series: [series(instrumentationErrorsTotal, 'api', '_x4 1+1x20', http)],
    at: '9m',
    fires: [],
  },
  {
    name: 'a part of the instrumentation that failed long ago is not told any more',
    about: instrumentationFaulty,
    series: [series(instrumentationErrorsTotal, 'api', '1 5x40', http)],
    at: '25m',
    fires: [],
  },
]

const requests = { metric: 'http_requests_total' } as const

const limited: readonly Case[] = [
  {
    name: 'a metric that goes on being beyond its limit is told',
    about: seriesLimited,
    series: [series(seriesLimitedTotal, 'api', '_x4 1+1x40', requests)],
    at: '25m',
    fires: [{ rule: seriesLimited, labels: { ...scraped.api, ...requests } }],
  },
  {
    name: 'a metric that was beyond its limit once is not told',
    about: seriesLimited,
    series: [series(seriesLimitedTotal, 'api', '7x40', requests)],
    at: '25m',
    fires: [],
  },
  {
    name: 'a metric beyond its limit is not told before a quarter of an hour is over',
    about: seriesLimited,
    series: [series(seriesLimitedTotal, 'api', '_x4 1+1x40', requests)],
    at: '19m',
    fires: [],
  },
]

export const instrumentationCases: readonly Case[] = [...errors, ...lost, ...faulty, ...limited]
