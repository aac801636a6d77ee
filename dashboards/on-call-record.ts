import {
  incidentsTotal,
  responseBreached,
  responseMet,
  timeToAcknowledge,
  timeToNotify,
  timeToResolve,
} from '../exporters/incidents/metrics.ts'
import { round } from '../metrics/promql.ts'
import { pageColumn, withPage } from './alerts.ts'
import type { Step } from './colour.ts'
import { row } from './dashboard.ts'
import { attainment, firedAtNight, firedInRange, mean, mostWithin, night, risen } from './incidents.ts'
import { stat } from './panel.ts'
import { series } from './query.ts'
import { responseTimes, severityColumn } from './severity.ts'
import { detail, table } from './table.ts'

const month = '30d'
const kept: readonly Step[] = [{ from: 1, is: 'good' }]
const noneJudged = 'No incident was answered or late'
const judged =
  'Share of incidents that were acknowledged, or over, before their response time ran out. Each one that was not is a promise broken: below 100% it is red.'

export const answered = row('Did we respond in time?', [
  stat({
    title: 'Answered in time, over 30 days',
    description: `${judged} Response times: ${responseTimes}. On a young Prometheus it covers what is there.`,
    width: 8,
    height: 6,
    unit: 'share',
    decimals: 1,
    queries: [series(attainment(month), ({ label }) => label('severity'), { emptyWhen: noneJudged })],
    base: 'bad',
    steps: kept,
  }),
  stat({
    title: 'Answered in time, this month',
    description: `${judged} From the first of the month, as your browser's clock has it. Where fixed dates are chosen, it is of those instead.`,
    width: 8,
    height: 6,
    unit: 'share',
    decimals: 1,
    since: 'now/M',
    queries: [series(attainment('$__range'), ({ label }) => label('severity'), { emptyWhen: noneJudged })],
    base: 'bad',
    steps: kept,
  }),
  table({
    title: 'Kept and missed, over 30 days',
    description: 'How many response times were kept and how many missed. A missed one was escalated.',
    width: 8,
    height: 6,
    rows: { severity: severityColumn },
    columns: [
      { title: 'Kept', expr: round(risen(responseMet, month, ['severity'])), unit: 'count', decimals: 0 },
      {
        title: 'Missed',
        expr: round(risen(responseBreached, month, ['severity'])),
        unit: 'count',
        decimals: 0,
        base: 'muted',
        steps: [{ from: 1, is: 'bad' }],
      },
    ],
    sortBy: 'Missed',
  }),
])

const untimed = 'No incident was timed'

export const fast = row('How fast are we?', [
  table({
    title: 'From the alert to the answer and the end, in this range',
    description:
      'All times begin when the alert fires. Told: its first notification left. Answered: acknowledged by a silence; those that ended by themselves do not count. Over: it fires no more. *9 of 10* is read from a histogram, and an estimate.',
    height: 6,
    rows: { severity: severityColumn },
    columns: [
      { title: 'Incidents', expr: round(risen(incidentsTotal, '$__range', ['severity'])), unit: 'count', decimals: 0 },
      { title: 'Told after (mean)', expr: mean(timeToNotify, '$__range'), unit: 'seconds', emptyWhen: untimed },
      { title: 'Told: 9 of 10', expr: mostWithin(timeToNotify, '$__range'), unit: 'seconds', emptyWhen: untimed },
      { title: 'Answered (MTTA)', expr: mean(timeToAcknowledge, '$__range'), unit: 'seconds', emptyWhen: untimed },
      {
        title: 'Answered: 9 of 10',
        expr: mostWithin(timeToAcknowledge, '$__range'),
        unit: 'seconds',
        emptyWhen: untimed,
      },
      { title: 'Over (MTTR)', expr: mean(timeToResolve, '$__range'), unit: 'seconds', emptyWhen: untimed },
      { title: 'Over: 9 of 10', expr: mostWithin(timeToResolve, '$__range'), unit: 'seconds', emptyWhen: untimed },
    ],
    sortBy: 'Incidents',
  }),
])

export const load = row('Who carries the load?', [
  table({
    title: 'Incidents by team, in this range',
    description:
      'How many incidents each team was told of. A team that is woken every night changes its alerts, or its system.',
    width: 10,
    height: 7,
    rows: { owner: 'Team' },
    columns: [
      { title: 'Incidents', expr: round(risen(incidentsTotal, '$__range', ['owner'])), unit: 'count', decimals: 0 },
      {
        title: 'Missed',
        expr: round(risen(responseBreached, '$__range', ['owner'])),
        unit: 'count',
        decimals: 0,
        base: 'muted',
        steps: [{ from: 1, is: 'bad' }],
      },
    ],
    sortBy: 'Incidents',
  }),
  table({
    title: 'Alerts that fired, in this range',
    description: `How often each alert fired, those that were held back among them, and how often it began between ${night.from}:00 and 0${night.to}:00 UTC. One that fires often and asks for nothing is to be retuned in \`config/overrides.ts\`.`,
    width: 14,
    height: 7,
    rows: { alertname: 'Alert', owner: 'Team', severity: severityColumn },
    columns: [
      { title: 'Fired', expr: firedInRange, unit: 'count', decimals: 0, emptyWhen: 'Nothing fired' },
      detail(
        { page: pageColumn },
        {
          title: 'At night',
          expr: withPage(firedAtNight),
          unit: 'count',
          decimals: 0,
          base: 'muted',
          steps: [{ from: 1, is: 'warning' }],
          emptyWhen: 'Nothing fired',
        },
      ),
    ],
    sortBy: 'Fired',
  }),
])
