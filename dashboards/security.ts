import { boundary } from '../alerts/alert.ts'
import { auditCheckBlind, updatesWaiting } from '../alerts/security/audit.ts'
import { endpointCertificateExpiresSoon, endpointCertificateExpiring } from '../alerts/security/certificates.ts'
import { failedLoginsSurging } from '../alerts/security/logins.ts'
import { jobLastEnd } from '../exporters/jobs/metrics.ts'
import {
  certificateExpiry,
  certificateNameMatches,
  certificateTrusted,
  failedLogins,
  rebootRequired,
  securityCheckRan,
  securityFindings,
  securityVulnerabilities,
  unexpectedPorts,
  updatesPending,
  weakPasswords,
  worldWritableFiles,
} from '../exporters/jobs/security.ts'
import { securityInstalled, securityLeft } from '../exporters/jobs/security-update.ts'
import type { Gauge } from '../metrics/metric.ts'
import { instant, max, secondsSince, secondsUntil } from '../metrics/promql.ts'
import { drawnOn } from './alerts.ts'
import type { Meaning, Names } from './colour.ts'
import { dashboard, row } from './dashboard.ts'
import { stat, timeseries } from './panel.ts'
import { series } from './query.ts'
import { table } from './table.ts'
import { uids } from './uids.ts'

const day = 86_400
const noAudit = 'No audit has run here yet, or the check could not'
const noEndpoint = 'No endpoint with a certificate is audited'

const ranOrNot: Names = { 0: { text: 'COULD NOT', is: 'warning' }, 1: { text: 'RAN', is: 'good' } }
const yesOrNo: Names = { 0: { text: 'NO', is: 'bad' }, 1: { text: 'YES', is: 'good' } }
const restartOrNot: Names = { 0: { text: 'NO', is: 'good' }, 1: { text: 'RESTART', is: 'warning' } }

const counted = (title: string, metric: Gauge, description: string, is: Meaning = 'warning') =>
  stat({
    title,
    description,
    width: 4,
    unit: 'count',
    queries: [series(max(instant(metric)), '', { emptyWhen: noAudit })],
    steps: [{ from: 1, is }],
  })

const found = row('What did the audit find?', [
  stat({
    title: 'Audited',
    description:
      'How long ago the last audit ended, whatever it found. It runs every morning; once it is late, JobOverdue fires.',
    width: 4,
    unit: 'seconds',
    decimals: 1,
    queries: [
      series(secondsSince(max(instant(jobLastEnd.where({ job_name: 'security-audit' })))), '', { emptyWhen: noAudit }),
    ],
    steps: [{ from: 2 * day, is: 'warning' }],
  }),
  counted(
    'Unexpected ports',
    unexpectedPorts,
    'Ports that are open to others and that config/security.ts does not allow. The report names the programs behind them.',
    'bad',
  ),
  counted(
    'Weak passwords',
    weakPasswords,
    'Passwords that are empty, a default or a placeholder, and logins that need none. The report says of which logins.',
    'bad',
  ),
  counted(
    'World-writable files',
    worldWritableFiles,
    'Files and folders of the application that every user of the host may change. chmod o-w takes that away.',
  ),
  stat({
    title: 'Failed logins',
    description: `Logins by SSH that were refused within the 24 hours before the audit. An alert fires above ${boundary(failedLoginsSurging)} where there are more than three times as many as usual.`,
    width: 4,
    unit: 'count',
    queries: [series(max(instant(failedLogins)), '', { emptyWhen: noAudit })],
    steps: [{ from: boundary(failedLoginsSurging), is: 'warning' }],
  }),
  stat({
    title: 'Restart of the host',
    description: 'Whether an update that is installed waits for a restart of the machine, such as a new kernel.',
    unit: 'plain',
    queries: [series(max(instant(rebootRequired)), '', { emptyWhen: noAudit })],
    names: restartOrNot,
  }),
  table({
    title: 'Checks',
    description:
      'Each check of the last audit: whether it could look at everything, and what it found. COULD NOT says nothing of what is there: the report names what was missing.',
    width: 12,
    rows: { check: { title: 'Check', opens: drawnOn('security', auditCheckBlind) } },
    columns: [
      {
        title: 'Looked',
        expr: max(instant(securityCheckRan), ['check']),
        unit: 'plain',
        names: ranOrNot,
        emptyWhen: noAudit,
      },
      {
        title: 'Findings',
        expr: max(instant(securityFindings), ['check']),
        unit: 'count',
        decimals: 0,
        steps: [{ from: 1, is: 'warning' }],
        emptyWhen: noAudit,
      },
    ],
    sortBy: 'Findings',
  }),
  table({
    title: 'Certificates',
    description: `Each endpoint that is audited: how long its certificate is valid, whether an authority vouches for it, and whether it is for that name. Renewed at 30 days as a rule: orange below ${boundary(endpointCertificateExpiring) / day} days, red below ${boundary(endpointCertificateExpiresSoon) / day}.`,
    width: 12,
    rows: { endpoint: { title: 'Endpoint', opens: drawnOn('security', endpointCertificateExpiring) } },
    columns: [
      {
        title: 'Valid for',
        expr: secondsUntil(max(instant(certificateExpiry), ['endpoint'])),
        unit: 'seconds',
        decimals: 1,
        base: 'bad',
        steps: [
          { from: boundary(endpointCertificateExpiresSoon), is: 'warning' },
          { from: boundary(endpointCertificateExpiring), is: 'good' },
        ],
        emptyWhen: noEndpoint,
      },
      {
        title: 'Trusted',
        expr: max(instant(certificateTrusted), ['endpoint']),
        unit: 'plain',
        names: yesOrNo,
        emptyWhen: noEndpoint,
      },
      {
        title: 'Of its name',
        expr: max(instant(certificateNameMatches), ['endpoint']),
        unit: 'plain',
        names: yesOrNo,
        emptyWhen: noEndpoint,
      },
    ],
    sortBy: 'Endpoint',
  }),
])

const mended = row('What waits to be mended?', [
  timeseries({
    title: 'Vulnerable packages, by level',
    description:
      'Packages with a vulnerability that is publicly known, by its worst. Critical and high ones are alerts; npm audit names them all.',
    unit: 'count',
    min: 0,
    queries: [
      series(max(instant(securityVulnerabilities), ['level']), ({ label }) => label('level'), { emptyWhen: noAudit }),
    ],
    colours: { critical: 'bad', high: 'warning', moderate: 'notice', low: 'neutral', info: 'muted' },
    legend: 'table',
  }),
  timeseries({
    title: 'Security updates that wait',
    description:
      'Updates of the system, and of npm packages, that mend something and are not installed. What waits for a week is an alert.',
    unit: 'count',
    min: 0,
    queries: [series(max(instant(updatesPending), ['source']), ({ label }) => label('source'), { emptyWhen: noAudit })],
    legend: 'table',
  }),
  timeseries({
    title: 'Failed logins within a day',
    description:
      'Logins by SSH that were refused, as each audit counted them. A step up is somebody who tries passwords.',
    unit: 'count',
    min: 0,
    queries: [series(max(instant(failedLogins)), 'refused', { emptyWhen: noAudit })],
    limits: [{ from: boundary(failedLoginsSurging), is: 'notice' }],
    reaches: [0, boundary(failedLoginsSurging)],
  }),
  table({
    title: 'The last security update',
    description: 'What the last run of the job security-update installed, and what waited still afterwards.',
    width: 12,
    height: 8,
    rows: { source: { title: 'Source', opens: drawnOn('security', updatesWaiting) } },
    columns: [
      {
        title: 'Installed',
        expr: max(instant(securityInstalled), ['source']),
        unit: 'count',
        decimals: 0,
        emptyWhen: 'No security update has run here yet',
      },
      {
        title: 'Left',
        expr: max(instant(securityLeft), ['source']),
        unit: 'count',
        decimals: 0,
        steps: [{ from: 1, is: 'notice' }],
        emptyWhen: 'No security update has run here yet',
      },
    ],
    sortBy: 'Left',
  }),
])

export const securityDashboard = dashboard({
  uid: uids.security,
  title: 'Security',
  description: 'What the security audit found, what it could not look at, and what waits to be mended.',
  from: 'now-7d',
  rows: [found, mended],
})
