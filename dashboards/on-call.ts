import { overdueName, reminderName } from '../alerts/escalation.ts'
import { severities } from '../config/sla.ts'
import { acknowledgedUntil, alertAcknowledged, incidentsOpen } from '../exporters/incidents/metrics.ts'
import { alerts } from '../metrics/foreign.ts'
import { namesOf } from '../metrics/names.ts'
import { and, count, instant, max, min, mul, or, secondsSince, sum, vector } from '../metrics/promql.ts'
import { pageColumn, withPage } from './alerts.ts'
import { type Names, type Step, severityMeaning } from './colour.ts'
import { dashboard, row } from './dashboard.ts'
import { fired, responseLeft, responseUsed, told } from './incidents.ts'
import { stat } from './panel.ts'
import { series } from './query.ts'
import { responseTimes, severityColumn } from './severity.ts'
import { detail, table } from './table.ts'
import { uids } from './uids.ts'

const quiet = 'Nothing fires'

const answers: Names = {
  0: { text: 'WAITING', is: 'warning' },
  1: { text: 'ACKNOWLEDGED', is: 'good' },
}
/** Reminded at half, escalated at the whole. */
const usedUp: readonly Step[] = [
  { from: 0.5, is: 'warning' },
  { from: 1, is: 'bad' },
]
const severitySteps = Object.fromEntries(
  namesOf(severities).map((name) => [name, [{ from: 1, is: severityMeaning[name] }]]),
)

const open = row('What is open, who has it, and how much time is left?', [
  stat({
    title: 'Open incidents, by answer',
    description:
      'Incidents that are not over: `waiting` for somebody, `late` because nobody answered in time, `acknowledged` by a silence, be it over by now. An incident is an alert that somebody was told of.',
    width: 8,
    unit: 'count',
    queries: ['waiting', 'late', 'acknowledged'].map((response) =>
      series(sum(instant(incidentsOpen.where({ response }))), response),
    ),
    stepsOf: { waiting: [{ from: 1, is: 'warning' }], late: [{ from: 1, is: 'bad' }] },
  }),
  stat({
    title: 'Open incidents, by severity',
    description: `Incidents that are not over. Response times: ${responseTimes}, from the moment an alert fires.`,
    width: 8,
    unit: 'count',
    queries: namesOf(severities).map((name) => series(sum(instant(incidentsOpen.where({ severity: name }))), name)),
    stepsOf: severitySteps,
  }),
  stat({
    title: 'Reminders and escalations',
    description:
      'Alerts that nobody acknowledged when half of the response time was over (`reminded`), or all of it (`escalated`): the second was told again, and somebody else with it.',
    width: 8,
    unit: 'count',
    // None is what is hoped for: zero is the truth, as Prometheus itself answered.
    queries: [
      series(
        or(count(instant(alerts.where({ alertname: reminderName, alertstate: 'firing' }))), vector(0)),
        'reminded',
      ),
      series(
        or(count(instant(alerts.where({ alertname: overdueName, alertstate: 'firing' }))), vector(0)),
        'escalated',
      ),
    ],
    stepsOf: { reminded: [{ from: 1, is: 'warning' }], escalated: [{ from: 1, is: 'bad' }] },
  }),
  table({
    title: 'Alerts, and who answered',
    description:
      'Each alert that fires: first those that nobody answered, the one with the least time on top. A silence in Alertmanager that covers it acknowledges it: *By* is who made that silence, and with its end the clock goes on. What another alert holds back stands here as well: nobody was told of it, and it ends with the other. *Drawn on* leads to the values it judges; what to do came with the page.',
    height: 11,
    rows: {
      alertname: { title: 'Alert', width: 290 },
      severity: severityColumn,
      owner: { title: 'Owner', width: 110 },
      instance: { title: 'Target', width: 100 },
    },
    columns: [
      {
        title: 'Fires for',
        expr: max(secondsSince(instant(fired)), told),
        unit: 'seconds',
        decimals: 0,
        emptyWhen: quiet,
      },
      {
        title: 'Time used',
        expr: responseUsed,
        unit: 'share',
        decimals: 0,
        steps: usedUp,
        emptyWhen: quiet,
      },
      {
        title: 'Time left',
        expr: responseLeft,
        unit: 'seconds',
        decimals: 1,
        base: 'bad',
        steps: [{ from: 0, is: 'muted' }],
        emptyWhen: quiet,
      },
      {
        title: 'Answer',
        expr: min(and(instant(alertAcknowledged), instant(fired)), told),
        unit: 'plain',
        names: answers,
        emptyWhen: quiet,
      },
      detail(
        { created_by: 'By' },
        {
          title: 'Silence ends',
          expr: mul(
            and(max(instant(acknowledgedUntil), [...told, 'created_by']), max(instant(fired), told), { on: told }),
            1000,
          ),
          unit: 'timeAgo',
          emptyWhen: quiet,
        },
      ),
      detail(
        { page: pageColumn },
        {
          title: 'How many',
          expr: withPage(count(instant(fired), told)),
          unit: 'count',
          decimals: 0,
          emptyWhen: quiet,
        },
      ),
    ],
    // What somebody answered has no time left, and Grafana begins with what is empty.
    sortBy: { ascending: ['Answer', 'Time left'] },
  }),
])

import { answered, fast, load } from './on-call-record.ts'
import { way } from './on-call-way.ts'
export const onCall = dashboard({
  uid: uids.onCall,
  title: 'On-call',
  description:
    'What is open, who has it and how much time is left; whether we answer in time, and whether we are reached at all.',
  from: 'now-24h',
  rows: [open, answered, fast, load, way],
})
