import { httpRequestsPilingUp } from '../../../alerts/http/traffic.ts'
import { httpRequestsInFlight } from '../../../exporters/service/http/metrics.ts'
import type { Case } from '../case.ts'
import { scraped, series } from '../series.ts'
import { answered } from './requests.ts'

const inFlight = (values: string) => series(httpRequestsInFlight, 'api', values)

export const inFlightCases: readonly Case[] = [
  {
    name: 'requests that take twelve seconds at the present pace are told',
    about: httpRequestsPilingUp,
    series: [inFlight('60x30'), answered('200', [[300, 30]])],
    at: '12m',
    fires: [{ rule: httpRequestsPilingUp, labels: scraped.api, value: '12s' }],
  },
  {
    name: 'requests none of which ends are told',
    about: httpRequestsPilingUp,
    series: [inFlight('60x30')],
    at: '12m',
    fires: [{ rule: httpRequestsPilingUp, labels: scraped.api, value: '+Inf' }],
  },
  {
    name: 'requests that take nine seconds at the present pace are not told',
    about: httpRequestsPilingUp,
    series: [inFlight('45x30'), answered('200', [[300, 30]])],
    at: '12m',
    fires: [],
  },
  {
    name: 'twenty requests in hand are not told, however slow they are',
    about: httpRequestsPilingUp,
    series: [inFlight('20x30'), answered('200', [[6, 30]])],
    at: '12m',
    fires: [],
  },
  {
    name: 'requests that pile up are not told at once',
    about: httpRequestsPilingUp,
    series: [inFlight('5x9 60x20'), answered('200', [[300, 30]])],
    at: '15m',
    fires: [],
  },
  {
    name: 'requests that piled up and were answered are not told',
    about: httpRequestsPilingUp,
    series: [inFlight('5 60x4 5 60x4 5 60x9'), answered('200', [[300, 30]])],
    at: '12m',
    fires: [],
  },
]
