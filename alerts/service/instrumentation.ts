import { instrumentationErrorsTotal } from '../../exporters/service/instruments/faults.ts'
import { seriesLimitedTotal } from '../../exporters/service/instruments/instruments.ts'
import { logMessagesLostTotal, logMessagesTotal } from '../../exporters/service/log/log.ts'
import { and, div, gt, increase, mul } from '../../metrics/promql.ts'
import { orNone } from '../../metrics/share.ts'
import { alert } from '../alert.ts'

const errors = logMessagesTotal.where({ level: 'error' })
/** Times what it was in ten minutes of the day before. */
const surge = 5

export const logErrorsSurging = alert({
  name: 'LogErrorsSurging',
  threshold: {
    is: '50',
    least: '1',
    most: '1000000',
    source: 'ours: in ten minutes. One that comes every quarter of a minute is no accident any more',
  },
  expr: (threshold) => {
    const now = increase(errors, '10m')
    const usual = div(increase(errors, '1d', { offset: '10m' }), 144)
    return and(gt(now, threshold), gt(now, mul(orNone(usual, now), surge)))
  },
  for: '1m',
  keepFiringFor: '15m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${label('instance')} logged ${value.plain} errors in 10 minutes, many times what it did over the last day`,
  action:
    'Read what they say, most frequent first: tail -n 2000 logs/error.log | jq -r .message | sort | uniq -c | sort -rn | head. What ' +
    'began with a release is undone with it; where a dependency fails, its alert leads.',
  runbook: {
    meaning:
      'More lines of level error than the threshold within ten minutes, and five times as many as over the last day on average. Failed ' +
      'requests write one each, and so does whatever fails behind the requests: mails, jobs, caches.',
    impact:
      'Something fails again and again. Where no other alert fires with it, guests do not see it yet, and nobody else does.',
    diagnosis: [
      {
        look: 'Which errors, most frequent first',
        shell: 'tail -n 2000 logs/error.log | jq -r .message | sort | uniq -c | sort -rn | head',
      },
      {
        look: 'Since when',
        shell:
          'promtool query instant http://localhost:9090 \'increase(log_messages_total{level="error"}[10m] offset 30m)\'',
      },
    ],
    mitigation: [
      'Undo the release that it began with.',
      'Log as a warning what nobody has to act upon: an error is for a human.',
    ],
  },
})

export const logLinesLost = alert({
  name: 'LogLinesLost',
  threshold: { is: '0', least: '0', most: '1000000', source: 'ours: a line that is lost is the one that was needed' },
  expr: (threshold) => gt(increase(logMessagesLostTotal, '10m'), threshold),
  for: '1s',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) =>
    `${label('instance')} cannot write its log: lines are lost, and with them why something failed`,
  action:
    'See whether the disk is full (df -h), and whether the user of the service may write into the folder of the log (LOG_DIR).',
  runbook: {
    meaning:
      'Lines could not be written to a file of the log within ten minutes. One that is missing in both files counts twice.',
    impact: 'Guests feel nothing. The next fault cannot be explained, and what the law wants kept is not.',
    diagnosis: [
      { look: 'Room, and inodes', shell: 'df -h logs; df -i logs' },
      { look: 'Who may write', shell: 'ls -ld logs; ls -l logs' },
      { look: 'What the service says on its console', shell: 'pm2 logs techplus-backend --err --nostream --lines 50' },
    ],
    mitigation: [
      'Make room: journalctl --vacuum-size=500M, old releases, core dumps.',
      'Give the folder to the user of the service (chown). It writes again by itself.',
    ],
  },
})

export const instrumentationFaulty = alert({
  name: 'InstrumentationFaulty',
  threshold: { is: '0', least: '0', most: '1000000', source: 'ours: instrumentation that works has none' },
  expr: (threshold) => gt(increase(instrumentationErrorsTotal, '15m'), threshold),
  for: '5m',
  severity: 'low',
  owner: 'reservations',
  summary: ({ label }) =>
    `${label('part')} of the instrumentation of ${label('instance')} fails: its figures, and the alerts on them, may be wrong`,
  action:
    'Read the line that says why, one a minute: grep instrumentation: logs/combined.log. A wrong label or value is a fault of the code ' +
    'that counts; the part "log" is the log itself, a name of a metric is that metric.',
  runbook: {
    meaning:
      'The instrumentation of the service met faults for five minutes, in the part that the label names. The service went on as if it ' +
      'were not there. The first fault of a part cannot be seen, as its series begins with it.',
    impact: 'None for guests. What the part counts is not counted: an alert on it may stay quiet.',
    diagnosis: [
      { look: 'Which fault', shell: 'grep "instrumentation:" logs/combined.log | tail -n 20' },
      {
        look: 'How many, of which part',
        shell: 'curl -s http://localhost:9465/metrics | grep ^instrumentation_errors_total',
      },
    ],
    mitigation: [
      'Correct the code that counts: every label must be given, as text, and every value be a number.',
      'Undo the upgrade of the package that is instrumented, where it began with one.',
    ],
  },
})

export const seriesLimited = alert({
  name: 'SeriesLimited',
  threshold: {
    is: '0',
    least: '0',
    most: '100000000',
    source: 'ours: what goes into `other` can no longer be told apart',
  },
  expr: (threshold) => gt(increase(seriesLimitedTotal, '15m'), threshold),
  for: '15m',
  severity: 'low',
  owner: 'reservations',
  summary: ({ label }) =>
    `${label('metric')} of ${label('instance')} has as many series as it may have: what is new is counted as "other"`,
  action:
    'See which label has many values (curl -s localhost:9465/metrics | grep the metric): an id, an address or a path in a label does ' +
    'not belong there. Name routes by their pattern.',
  runbook: {
    meaning:
      'A metric of the service reached the limit of its series (maxSeries), and observations were put into the one labelled other. Sums ' +
      'stay true; a new route or status is no longer seen by itself.',
    impact:
      'None for guests. Alerts on single routes are blind for new ones, and Prometheus carries more series than it should.',
    diagnosis: [
      {
        look: 'How many series each metric has',
        shell:
          "curl -s http://localhost:9465/metrics | grep -v '^#' | cut -d'{' -f1 | sort | uniq -c | sort -rn | head",
      },
      {
        look: 'Which routes there are',
        shell:
          'curl -s http://localhost:9465/metrics | grep ^http_requests_total | grep -o \'route="[^"]*"\' | sort | uniq -c | sort -rn | head -20',
      },
    ],
    mitigation: [
      'Take the label out, or give it few values; name the route where a middleware answers (service names its pattern).',
      'Raise maxSeries only if there really are so many routes.',
      'Restart the service: it begins with no series.',
    ],
  },
})
