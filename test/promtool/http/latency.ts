import { httpRouteSlow } from '../../../alerts/http/latency.ts'
import { httpRequestDuration } from '../../../exporters/service/http/metrics.ts'
import type { Case } from '../case.ts'
import { observed, type Phases, scraped } from '../series.ts'
import { listing, remainder } from './requests.ts'

interface Slowing {
  readonly from?: number
  readonly to: number
  readonly perMinute?: number
  readonly of?: Readonly<Record<'method' | 'route', string>>
}

/** A route that takes so many seconds for two hours, and then so many. */
const slowing = ({ from = 0.06, to, perMinute = 20, of = listing }: Slowing) => {
  const parts: readonly (readonly [status: string, seconds: number, phases: Phases])[] = [
    [
      '200',
      from,
      [
        [perMinute, 120],
        [0, 40],
      ],
    ],
    [
      '206',
      to,
      [
        [0, 120],
        [perMinute, 40],
      ],
    ],
  ]
  return parts.flatMap(([status, seconds, phases]) =>
    observed(httpRequestDuration, 'api', { seconds, phases }, { ...of, status_code: status }),
  )
}

export const latencyCases: readonly Case[] = [
  {
    name: 'a route that is several times slower than over the last day is told',
    about: httpRouteSlow,
    series: slowing({ to: 0.9 }),
    at: '140m',
    fires: [{ rule: httpRouteSlow, labels: { ...scraped.api, ...listing }, value: '995ms' }],
  },
  {
    name: 'a route that is twice as slow is not told',
    about: httpRouteSlow,
    series: slowing({ from: 0.3, to: 0.9 }),
    at: '140m',
    fires: [],
  },
  {
    name: 'a route that is many times slower and still fast is not told',
    about: httpRouteSlow,
    series: slowing({ from: 0.004, to: 0.2 }),
    at: '140m',
    fires: [],
  },
  {
    name: 'a route with ninety requests in ten minutes is not told',
    about: httpRouteSlow,
    series: slowing({ to: 0.9, perMinute: 9 }),
    at: '140m',
    fires: [],
  },
  {
    name: 'a route that became slow is not told at once',
    about: httpRouteSlow,
    series: slowing({ to: 0.9 }),
    at: '130m',
    fires: [],
  },
  {
    name: 'a route that was always slow is not told',
    about: httpRouteSlow,
    series: slowing({ from: 0.9, to: 0.9 }),
    at: '140m',
    fires: [],
  },
  {
    name: 'the remainder beyond the limit is not told to be slow',
    about: httpRouteSlow,
    series: slowing({ to: 0.9, of: remainder }),
    at: '140m',
    fires: [],
  },
]
