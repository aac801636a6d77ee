import type { Alert } from '../../../alerts/alert.ts'
import { restartedOften, restartGivenUp, schemaAhead, updateUndone } from '../../../alerts/jobs/api.ts'
import { lastRestart, restartAttempts, restartGaveUp, restartHealthy } from '../../../exporters/jobs/restart.ts'
import { schemaAhead as codeBehind, rolledBack } from '../../../exporters/jobs/update.ts'
import type { Case } from '../case.ts'
import { type InputSeries, scraped, series } from '../series.ts'

const restarts = (gaveUp: string, healthy: string) => [
  series(restartGaveUp, 'jobs', gaveUp),
  series(restartHealthy, 'jobs', healthy),
  series(restartAttempts, 'jobs', '3x30'),
]
const updates = (undone: string, behind: string) => [
  series(rolledBack, 'jobs', undone),
  series(codeBehind, 'jobs', behind),
]

interface State {
  readonly about: Alert
  readonly what: string
  readonly bad: readonly InputSeries[]
  readonly good: readonly (readonly [why: string, series: readonly InputSeries[]])[]
}

const states: readonly State[] = [
  {
    about: restartGivenUp,
    what: 'an API that is down and is not restarted any more is told',
    bad: restarts('0x2 1x20', '1x2 0x20'),
    good: [
      ['that is healthy', restarts('0x30', '1x30')],
      ['that is restarted still', restarts('0x30', '1x2 0x20')],
    ],
  },
  {
    about: updateUndone,
    what: 'an update that was rolled back is told',
    bad: updates('0x2 1x20', '0x30'),
    good: [['an update that succeeded', updates('0x30', '0x30')]],
  },
  {
    about: schemaAhead,
    what: 'code that was put back on a schema that was not is told',
    bad: updates('1x30', '0x2 1x20'),
    good: [['an update that was rolled back with its schema', updates('1x30', '0x30')]],
  },
]

const judged = states.flatMap(({ about, what, bad, good }): readonly Case[] => [
  { name: what, about, series: bad, at: '8m', fires: [{ rule: about, labels: scraped.jobs }] },
  ...good.map(
    ([why, given]): Case => ({
      name: `${about.id} does not tell of one ${why}`,
      about,
      series: given,
      at: '8m',
      fires: [],
    }),
  ),
])

/** Restarted at these minutes, and once long before. */
const restarted = (minutes: readonly number[]) => {
  const parts = [0, ...minutes].map((minute, i, all) => {
    const until = all[i + 1] ?? 420
    return `${minute * 60}x${until - minute - 1}`
  })
  return [
    series(lastRestart, 'jobs', parts.join(' ')),
    series(restartAttempts, 'jobs', '1x420'),
    series(restartHealthy, 'jobs', '1x420'),
  ]
}
const often: readonly Case[] = [
  {
    name: 'an API that is restarted four times within six hours is told',
    about: restartedOften,
    series: restarted([60, 120, 180, 240]),
    at: '250m',
    fires: [{ rule: restartedOften, labels: scraped.jobs, value: '4' }],
  },
  {
    name: 'an API that is restarted twice within six hours is not told',
    about: restartedOften,
    series: restarted([60, 180]),
    at: '250m',
    fires: [],
  },
  {
    name: 'an API that was restarted again and again yesterday is not told',
    about: restartedOften,
    series: restarted([10, 20, 30, 340]),
    at: '415m',
    fires: [],
  },
]

export const apiCases: readonly Case[] = [...judged, ...often]
