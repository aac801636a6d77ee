import { httpTrafficDropped, httpTrafficGone } from '../../../alerts/http/traffic.ts'
import { httpRequestsTotal } from '../../../exporters/service/http/metrics.ts'
import type { Duration } from '../../../metrics/promql.ts'
import type { Case } from '../case.ts'
import { type Phases, scraped, series } from '../series.ts'
import { answered, booking, isUp, listing, named, sideBySide } from './requests.ts'

const stopped: Phases = [
  [0, 40],
  [4, 50],
  [0, 30],
]
/** Five minutes between samples. */
const week = 2016
const step: Duration = '5m'

/** Last week requests came for so long; today they came for 50 minutes, or not at all, and end at step 2040. */
const weekly = (stepsThen: number, today: number) => [
  isUp(`1x${week + 60}`),
  answered('200', [
    [0, 12],
    [20, stepsThen],
    // The last guests of the evening.
    [1, 8],
    [0, week + 32 - stepsThen],
  ]),
  answered(
    '201',
    [
      [0, week + 14],
      [today, 10],
      [0, 20],
    ],
    booking,
  ),
]

const gone: readonly Case[] = [
  {
    name: 'a service that gets no request any more is told',
    about: httpTrafficGone,
    series: [isUp('1x130'), answered('200', stopped)],
    at: '105m',
    fires: [{ rule: httpTrafficGone, labels: scraped.api, value: '200' }],
  },
  {
    name: 'a service that was started anew and gets no request is told as well',
    about: httpTrafficGone,
    series: [
      isUp('1x130'),
      series(httpRequestsTotal, 'api', '0x40 4+4x49 200x4 _x30', { ...listing, status_code: '200' }),
    ],
    at: '105m',
    fires: [{ rule: httpTrafficGone, labels: scraped.api, value: '200' }],
  },
  {
    name: 'a service that got two requests a minute and then none is not told',
    about: httpTrafficGone,
    series: [
      isUp('1x130'),
      answered('200', [
        [0, 30],
        [2, 60],
        [0, 30],
      ]),
    ],
    at: '105m',
    fires: [],
  },
  {
    name: 'a service without a request for ten minutes is not told at once',
    about: httpTrafficGone,
    series: [isUp('1x130'), answered('200', stopped)],
    at: '100m',
    fires: [],
  },
  {
    name: 'a service that still gets a request now and then is not told',
    about: httpTrafficGone,
    series: [
      isUp('1x130'),
      answered('200', stopped),
      answered('404', [
        [0, 90],
        [0.2, 30],
      ]),
    ],
    at: '105m',
    fires: [],
  },
  {
    name: 'a service that is not scraped is not told to be without requests',
    about: httpTrafficGone,
    series: [isUp('1x98 0x5 1x20'), answered('200', stopped)],
    at: '105m',
    fires: [],
  },
  {
    name: 'what ended or never began is told where it was otherwise a week ago, and many came then',
    about: httpTrafficGone,
    series: sideBySide({
      'ended early': weekly(24, 20),
      'ended as a week ago': weekly(12, 20),
      'never began': weekly(24, 0),
      'never began where few came': [
        isUp(`1x${week + 60}`),
        answered('200', [
          [0, 12],
          [8, 24],
          [0, week + 16],
        ]),
      ],
    }),
    step,
    at: `${(week + 27) * 5}m`,
    fires: [
      { rule: httpTrafficGone, labels: named('ended early'), value: '200' },
      { rule: httpTrafficGone, labels: named('never began'), value: '240' },
    ],
  },
]

/** So many steps at one pace, then fourteen at another. */
const falling = (before: number, after: number, steps = week + 24) => [
  isUp(`1x${steps + 30}`),
  answered('200', [
    [before, steps],
    [after, 14],
  ]),
]

const dropped: readonly Case[] = [
  {
    name: 'a fifth of the requests of a week ago is told, and only where it is a drop',
    about: httpTrafficDropped,
    series: sideBySide({
      'a fifth': falling(50, 10),
      'a third': falling(50, 16),
      'a fifth a while later': falling(50, 10, week + 27),
      'as low yesterday': [
        isUp(`1x${week + 60}`),
        answered('200', [
          [50, 1700],
          [10, week - 1660],
        ]),
      ],
      'quiet a week ago': falling(24, 4),
      'none at all': falling(50, 0),
      'not scraped for a while': [...falling(50, 10).slice(1), isUp(`1x${week + 30} 0 1x30`)],
    }),
    step,
    at: `${(week + 38) * 5}m`,
    fires: [{ rule: httpTrafficDropped, labels: named('a fifth'), value: '20%' }],
  },
  {
    name: 'a drop is not told by a Prometheus that is younger than a week',
    about: httpTrafficDropped,
    series: falling(50, 10, 320),
    step,
    at: '1670m',
    fires: [],
  },
]

export const trafficCases: readonly Case[] = [...gone, ...dropped]
