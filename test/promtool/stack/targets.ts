import {
  scrapeSlow,
  stackProgramRestarting,
  targetAbsent,
  targetDown,
  targetUnreliable,
} from '../../../alerts/stack/targets.ts'
import { processStartTime } from '../../../exporters/service/runtime/runtime-metrics.ts'
import { scrapeDuration, up } from '../../../metrics/foreign.ts'
import type { Case } from '../case.ts'
import { type InputSeries, type Job, scraped, series } from '../series.ts'

/** With a label of its own, or it would be what the rule beside writes itself. */
const fired = (job: Job, alertname: string, alertstate: string, values: string): InputSeries => ({
  series: `ALERTS{alertname="${alertname}",alertstate="${alertstate}",job="${scraped[job].job}",instance="${scraped[job].instance}",severity="high",owner="platform",given="before"}`,
  values,
})

const down: readonly Case[] = [
  {
    name: 'each target that cannot be scraped is told',
    about: targetDown,
    series: [
      ...(['postgres', 'node', 'exporter', 'blackbox', 'probe'] as const).map((job) => series(up, job, '0x10')),
      series(up, 'reservations', '1x10'),
    ],
    at: '5m',
    fires: (['postgres', 'node', 'exporter', 'blackbox', 'probe'] as const).map((job) => ({
      rule: targetDown,
      labels: scraped[job],
    })),
  },
  {
    name: 'an API that cannot be scraped is a target like any other',
    about: targetDown,
    series: [series(up, 'api', '0x10'), series(up, 'node', '1x10')],
    at: '10m',
    fires: [{ rule: targetDown, labels: scraped.api }],
  },
  {
    name: 'a target that is down since a minute is not told',
    about: targetDown,
    series: [series(up, 'redis', '1x4 0x10')],
    at: '6m',
    fires: [],
  },
  {
    name: 'a target that missed one scrape is not told',
    about: targetDown,
    series: [series(up, 'redis', '1x4 0 1x5')],
    at: '5m',
    fires: [],
  },
]

const absent: readonly Case[] = [
  {
    name: 'a target that is no longer scraped at all is told, and one beside it is not',
    about: targetAbsent,
    series: [series(up, 'postgres', '1x20 stale'), series(up, 'redis', '1x60')],
    at: '40m',
    fires: [{ rule: targetAbsent, labels: scraped.postgres }],
  },
  {
    name: 'a target that was down when it was taken away is told',
    about: targetAbsent,
    series: [series(up, 'node', '0x20 stale')],
    at: '40m',
    fires: [{ rule: targetAbsent, labels: scraped.node }],
  },
  {
    name: 'a target that is down is there',
    about: targetAbsent,
    series: [series(up, 'postgres', '1x20 0x40')],
    at: '40m',
    fires: [],
  },
  {
    name: 'a target that is away for three minutes is not told',
    about: targetAbsent,
    series: [series(up, 'postgres', '1x20 stale')],
    at: '23m',
    fires: [],
  },
  {
    name: 'a target that was taken away more than a day ago is not told any more',
    about: targetAbsent,
    series: [series(up, 'postgres', '1x10 stale')],
    step: '10m',
    at: '28h',
    fires: [],
  },
]

const failing = (pattern: string, times: number) => Array.from({ length: times }, () => pattern).join(' ')

const unreliable: readonly Case[] = [
  {
    name: 'a target of which every fifth scrape fails is told',
    about: targetUnreliable,
    // Prometheus 2 and 3 see a sample more or less in an hour: all that there is lies within.
    series: [
      series(up, 'redis', failing('1x3 0', 8)),
      series(up, 'api', failing('1x3 0', 8)),
      fired('redis', 'TargetDown', 'pending', '1x39'),
      fired('redis', 'RedisDown', 'firing', '1x39'),
      fired('probe', 'TargetDown', 'firing', '1x39'),
    ],
    at: '39m',
    fires: [
      { rule: targetUnreliable, labels: scraped.redis, value: '20%' },
      { rule: targetUnreliable, labels: scraped.api, value: '20%' },
    ],
  },
  {
    name: 'a target of which one scrape in twenty fails is not told',
    about: targetUnreliable,
    series: [series(up, 'redis', failing('1x18 0', 8))],
    at: '2h',
    fires: [],
  },
  {
    name: 'a target that is down altogether is told by another alert',
    about: targetUnreliable,
    series: [series(up, 'redis', '1x60 0x60')],
    at: '2h',
    fires: [],
  },
  {
    name: 'a target that is back, and of which TargetDown told, is told no second time',
    about: targetUnreliable,
    series: [series(up, 'redis', '1x60 0x16 1x40'), fired('redis', 'TargetDown', 'firing', '_x62 1x14 stale')],
    at: '105m',
    fires: [],
  },
  {
    name: 'a target that is back from an outage of ten minutes is not told at once',
    about: targetUnreliable,
    series: [series(up, 'redis', '1x99 0x9 1x20')],
    at: '114m',
    fires: [],
  },
]

const slow: readonly Case[] = [
  {
    name: 'a scrape that takes six seconds is told',
    about: scrapeSlow,
    series: [series(scrapeDuration, 'postgres', '6x30'), series(scrapeDuration, 'redis', '0.1x30')],
    at: '20m',
    fires: [{ rule: scrapeSlow, labels: scraped.postgres, value: '6s' }],
  },
  {
    name: 'a scrape that takes nearly five seconds is not told',
    about: scrapeSlow,
    series: [series(scrapeDuration, 'postgres', '4.9x30')],
    at: '20m',
    fires: [],
  },
  {
    name: 'a scrape that is slow for six minutes is not told',
    about: scrapeSlow,
    series: [series(scrapeDuration, 'postgres', '0.1x14 9x30')],
    at: '20m',
    fires: [],
  },
]

const restarting: readonly Case[] = [
  {
    name: 'a program of the stack that was started three times in a quarter of an hour is told',
    about: stackProgramRestarting,
    series: [
      series(processStartTime, 'alertmanager', '100x3 200x3 300x3 400x10'),
      series(processStartTime, 'prometheus', '100x30'),
    ],
    at: '14m',
    fires: [{ rule: stackProgramRestarting, labels: scraped.alertmanager, value: '3' }],
  },
  {
    name: 'an agent that is started again and again is told',
    about: stackProgramRestarting,
    series: [series(processStartTime, 'agent', '100x3 200x3 300x3 400x10')],
    at: '14m',
    fires: [{ rule: stackProgramRestarting, labels: scraped.agent, value: '3' }],
  },
  {
    name: 'a program of the stack that was started twice is not told',
    about: stackProgramRestarting,
    series: [series(processStartTime, 'alertmanager', '100x3 200x3 300x13')],
    at: '14m',
    fires: [],
  },
  {
    name: 'an API that is started again and again is no program of the stack',
    about: stackProgramRestarting,
    series: [series(processStartTime, 'api', '100x3 200x3 300x3 400x10')],
    at: '14m',
    fires: [],
  },
  {
    name: 'a program of the stack is not told in the very moment of its third start',
    about: stackProgramRestarting,
    series: [series(processStartTime, 'alertmanager', '100x3 200x3 300x5 400x10')],
    at: '14m',
    fires: [],
  },
]

export const targetCases: readonly Case[] = [...down, ...absent, ...unreliable, ...slow, ...restarting]
