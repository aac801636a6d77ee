import { heartbeatName } from '../alerts/stack/heartbeat.ts'
import { alertmanagerUp, deliveriesTotal, ledgerUp } from '../exporters/incidents/metrics.ts'
import { alerts, notifications, notificationsFailed, sinceStart } from '../metrics/foreign.ts'
import { and, gt, instant, max, mul, rate, sum } from '../metrics/promql.ts'
import { type Meaning, upOrDown } from './colour.ts'
import { row } from './dashboard.ts'
import { stat, timeseries } from './panel.ts'
import { series } from './query.ts'
import { stateOf } from './state.ts'

const deliveries: Readonly<Record<string, Meaning>> = { recorded: 'good', refused: 'warning', failed: 'bad' }
const perMinute = 60
const window = '$__rate_interval'

/** Of each way that was taken since Alertmanager started: it knows a dozen. */
const byWay = (metric: typeof notifications) =>
  series(
    and(
      mul(sum(rate(metric, window), ['integration']), perMinute),
      gt(sum(instant(sinceStart(notifications)), ['integration']), 0),
    ),
    ({ label }) => label('integration'),
    { emptyWhen: 'Alertmanager has sent nothing since it started' },
  )

export const way = row('Does the way to us work?', [
  stat({
    title: 'Heartbeat',
    width: 8,
    description:
      'Whether the alert that always fires does, so that Prometheus evaluates. That it also arrives, only whoever receives it knows: they call when it stops.',
    unit: 'plain',
    queries: [series(max(instant(alerts.where({ alertname: heartbeatName, alertstate: 'firing' })), []), '')],
    names: { 1: { text: 'BEATS', is: 'good' } },
  }),
  stat({
    title: 'Alertmanager',
    width: 8,
    description:
      'Whether Alertmanager told the recorder its alerts and silences. DOWN: nobody is told of anything, and nobody can acknowledge.',
    unit: 'plain',
    queries: [series(stateOf(alertmanagerUp, 'incidents'), '')],
    names: upOrDown,
  }),
  stat({
    title: 'Record of incidents',
    width: 8,
    description: 'Whether incidents could be kept. DOWN: deliveries are refused and come again, until they can.',
    unit: 'plain',
    queries: [series(stateOf(ledgerUp, 'incidents'), '')],
    names: upOrDown,
  }),
  timeseries({
    title: 'Notifications',
    description:
      'Notifications that Alertmanager was to send, by the kind of way: phone, Slack, mail, webhook. The heartbeat alone is one a minute.',
    width: 8,
    unit: 'perMinute',
    min: 0,
    queries: [byWay(notifications)],
  }),
  timeseries({
    title: 'Notifications that failed',
    description:
      'Notifications that could not be sent, after all retries. Its log says what the other side answered; tell the team by another way until it works.',
    width: 8,
    unit: 'perMinute',
    min: 0,
    queries: [byWay(notificationsFailed)],
  }),
  timeseries({
    title: 'Deliveries to the record of incidents',
    description:
      'What became of the notifications to the recorder. `failed` could not be kept and comes again; `refused` was not from Alertmanager, or of a version that is not known.',
    width: 8,
    unit: 'perMinute',
    min: 0,
    queries: [series(mul(sum(rate(deliveriesTotal, window), ['result']), perMinute), ({ label }) => label('result'))],
    colours: deliveries,
  }),
])
