import { burnWindows, errorBudget, percent } from '../alerts/burn-rate.ts'
import { promiseSeries } from '../alerts/promises.ts'
import { type Objective, type PromiseName, severities, sla } from '../config/sla.ts'
import { namesOf } from '../metrics/names.ts'
import { complement, div, instant, mul, sumOverTime } from '../metrics/promql.ts'
import { severityMeaning } from './colour.ts'
import { dashboard, row } from './dashboard.ts'
import type { Panel } from './field.ts'
import { stat, text, timeseries } from './panel.ts'
import { budgetLeft, enoughGood } from './promise-steps.ts'
import { series } from './query.ts'
import { uids } from './uids.ts'

/** In a table of Markdown a bar would begin a new cell. */
const cell = (words: string) => words.replaceAll('|', '\\|')
const markdown = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n')

const promised = row('What was promised?', [
  text({
    title: 'To the users',
    width: 14,
    height: 6,
    content: markdown(
      ['Promise', 'Over', 'Owner'],
      Object.values<Objective>(sla).map(({ promise, window, owner }) => [promise, window, owner]),
    ),
  }),
  text({
    title: 'Of the support',
    width: 10,
    height: 6,
    content: markdown(
      ['Severity', 'Means', 'Answered within', 'Then'],
      namesOf(severities).map((name) => {
        const { means, respondWithinHours, escalation } = severities[name]
        return [name, means, `${respondWithinHours} h`, escalation.action]
      }),
    ),
  }),
])

const paces = ({ window }: Objective) =>
  burnWindows(window).map(({ pace, severity }) => ({ from: pace.toNumber(), is: severityMeaning[severity] }))

const panelsOf = (name: PromiseName): readonly Panel[] => {
  const promise: Objective = sla[name]
  const { window, target } = promise
  const { bad, total, ratioOver, remaining } = promiseSeries(name)
  const budget = errorBudget(target).toNumber()
  // Recorded per second: added up minute by minute.
  const events = (rate: typeof bad) => mul(sumOverTime(rate, '$__range', { every: '1m' }), 60)
  return [
    stat({
      title: `Kept over ${window}`,
      description: `Share of events in the last ${window} that were as promised: at least ${percent(target)} must be. On a young Prometheus it covers what is there.`,
      height: 7,
      unit: 'share',
      decimals: 3,
      queries: [series(complement(instant(ratioOver(window))), '')],
      base: 'bad',
      steps: enoughGood(promise),
    }),
    stat({
      title: 'Error budget left',
      description: `What is left of the ${percent(budget)} of events that may go wrong in ${window}. Below zero the promise is broken.`,
      height: 7,
      unit: 'share',
      decimals: 1,
      queries: [series(instant(remaining), '')],
      base: 'bad',
      steps: budgetLeft,
    }),
    stat({
      title: 'Broken, in this range',
      description: 'How many events in the shown range were not as promised, and how many there were.',
      height: 7,
      unit: 'count',
      decimals: 0,
      queries: [series(events(bad), 'broken'), series(events(total), 'all')],
    }),
    timeseries({
      title: 'Pace at which the budget burns',
      description: `1 uses up the budget in exactly ${window}. Lines: the pace from which on an alert fires, if its long window (named here) and a short one agree: ${burnWindows(
        window,
      )
        .map(({ pace, long, severity }) => `${pace} over ${long} (${severity})`)
        .join(', ')}.`,
      height: 7,
      unit: 'plain',
      min: 0,
      reaches: [0, 1.2],
      queries: burnWindows(window).map(({ long }) => series(div(instant(ratioOver(long)), budget), `over ${long}`)),
      limits: paces(promise),
    }),
  ]
}

export const slaDashboard = dashboard({
  uid: uids.sla,
  title: 'SLA',
  description: 'What was promised, whether it is kept, what is left of each error budget and how fast it goes.',
  from: 'now-6h',
  rows: [promised, ...namesOf(sla).map((name) => row(sla[name].promise, panelsOf(name)))],
})
