import type { Alert } from '../../../alerts/alert.ts'
import {
  accessTooWide,
  auditCheckBlind,
  filesWorldWritable,
  passwordsWeak,
  portsUnexpected,
  updatesWaiting,
  vulnerabilitiesCritical,
  vulnerabilitiesHigh,
} from '../../../alerts/security/audit.ts'
import { failedLoginsSurging } from '../../../alerts/security/logins.ts'
import {
  failedLogins,
  rebootRequired,
  securityCheckRan,
  securityFindings,
  securityVulnerabilities,
  unexpectedPorts,
  updatesPending,
  weakPasswords,
  worldWritableFiles,
} from '../../../exporters/jobs/security.ts'
import type { Case, Firing } from '../case.ts'
import { type InputSeries, scraped, series } from '../series.ts'

const here = scraped.jobs

interface Finding {
  readonly about: Alert
  /** What is found, as it goes on with `from one minute on`. */
  readonly what: string
  readonly series: (values: string) => readonly InputSeries[]
  readonly bad: string
  readonly good: string
  readonly fires: Omit<Firing, 'rule'>
  /** What is no reason to tell, beside that all is well. */
  readonly others?: readonly (readonly [why: string, series: readonly InputSeries[]])[]
}

const ran = (check: string) => (values: string) => [series(securityCheckRan, 'jobs', values, { check })]
const level = (name: string) => (values: string) => [series(securityVulnerabilities, 'jobs', values, { level: name })]
const found = (check: string) => (values: string) => [series(securityFindings, 'jobs', values, { check })]
const pending = (source: string) => (values: string) => [series(updatesPending, 'jobs', values, { source })]

/** Of the host as a whole; each is found beside the others. */
const host = {
  ports: unexpectedPorts,
  files: worldWritableFiles,
  passwords: weakPasswords,
  logins: failedLogins,
} as const
const counts =
  (own: keyof typeof host) =>
  (values: string): readonly InputSeries[] => [
    series(host[own], 'jobs', values),
    ...(['ports', 'files', 'passwords', 'logins'] as const).flatMap((one) =>
      one === own ? [] : [series(host[one], 'jobs', '0x60')],
    ),
    series(rebootRequired, 'jobs', '0x60'),
  ]
const except = (own: keyof typeof host) =>
  counts(own)('0x60').map((one) => ({ ...one, values: one.series.startsWith(host[own].name) ? '0x60' : '9x60' }))

const findings: readonly Finding[] = [
  ...['npm_audit', 'logins'].map(
    (check): Finding => ({
      about: auditCheckBlind,
      what: `a check of the audit that could not run (${check})`,
      series: (values) => [...ran(check)(values), ...ran('ports')('1x60'), ...found(check)('0x60')],
      bad: '1x2 0x20',
      good: '1x60',
      fires: { labels: { ...here, check } },
    }),
  ),
  {
    about: vulnerabilitiesCritical,
    what: 'a critical vulnerability',
    series: (values) => [...level('critical')(values), ...level('high')('0x60')],
    bad: '0x2 1x20',
    good: '0x60',
    fires: { labels: { ...here, level: 'critical' }, value: '1' },
    others: [['one of level high', [...level('high')('3x60'), ...level('critical')('0x60')]]],
  },
  {
    about: vulnerabilitiesHigh,
    what: 'a vulnerability of level high',
    series: (values) => [...level('high')(values), ...level('critical')('0x60')],
    bad: '0x2 2x20',
    good: '0x60',
    fires: { labels: { ...here, level: 'high' }, value: '2' },
    others: [['a moderate one', [...level('moderate')('3x60'), ...level('high')('0x60')]]],
  },
  {
    about: portsUnexpected,
    what: 'an open port that nobody allowed',
    series: counts('ports'),
    bad: '0x2 1x20',
    good: '0x60',
    fires: { labels: here, value: '1' },
    others: [['what else there is', except('ports')]],
  },
  {
    about: filesWorldWritable,
    what: 'a file that everybody may change',
    series: counts('files'),
    bad: '0x2 4x20',
    good: '0x60',
    fires: { labels: here, value: '4' },
    others: [['what else there is', except('files')]],
  },
  {
    about: passwordsWeak,
    what: 'a weak password',
    series: counts('passwords'),
    bad: '0x2 2x20',
    good: '0x60',
    fires: { labels: here, value: '2' },
    others: [['what else there is', except('passwords')]],
  },
  ...['postgres_roles', 'redis_acl'].map(
    (check): Finding => ({
      about: accessTooWide,
      what: `a login that may do too much (${check})`,
      series: (values) => [...found(check)(values), ...ran(check)('1x60')],
      bad: '0x2 3x20',
      good: '0x60',
      fires: { labels: { ...here, check }, value: '3' },
      others: [['what another check found', [...found('ports')('3x60'), ...found(check)('0x60')]]],
    }),
  ),
]

const judged = findings.flatMap(({ about, what, series: given, bad, good, fires, others = [] }): readonly Case[] => [
  { name: `${what} is told`, about, series: given(bad), at: '8m', fires: [{ rule: about, ...fires }] },
  { name: `that there is not ${what} is not told`, about, series: given(good), at: '8m', fires: [] },
  {
    name: `${what} is not told in the very moment`,
    about,
    series: given(bad.replace('x2', 'x7')),
    at: '8m',
    fires: [],
  },
  ...others.map(
    ([why, other]): Case => ({ name: `${what} is not told for ${why}`, about, series: other, at: '8m', fires: [] }),
  ),
])

/** A value an hour. */
const waiting = { about: updatesWaiting, step: '1h' } as const
const updates: readonly Case[] = [
  {
    name: 'security updates that wait for over a week are told',
    ...waiting,
    series: [...pending('system')('0x5 3x100 5x200'), ...pending('npm')('0x300')],
    at: '180h',
    fires: [{ rule: updatesWaiting, labels: { ...here, source: 'system' }, value: '3' }],
  },
  {
    name: 'security updates that wait and are installed again and again are not told',
    ...waiting,
    series: pending('system')('3x100 0x2 3x200'),
    at: '180h',
    fires: [],
  },
  {
    name: 'security updates that wait for six days are not told',
    ...waiting,
    series: pending('npm')('0x36 3x200'),
    at: '180h',
    fires: [],
  },
  {
    name: 'security updates that wait since it is known of them are not told before it is known for a week',
    ...waiting,
    series: pending('npm')('_x40 3x200'),
    at: '180h',
    fires: [],
  },
  {
    name: 'security updates that wait for a week this very moment are not told yet',
    ...waiting,
    series: pending('system')('0x12 3x200'),
    at: '180h',
    fires: [],
  },
]

/** Six hours between values. */
const logins = (values: string) => [
  series(failedLogins, 'jobs', values),
  series(weakPasswords, 'jobs', '0x100'),
  series(unexpectedPorts, 'jobs', '0x100'),
]
const surging = { about: failedLoginsSurging, step: '6h', at: '240h' } as const
const surges: readonly Case[] = [
  {
    name: 'many more refused logins than in the week before are told',
    ...surging,
    series: logins('40x37 500x10'),
    fires: [{ rule: failedLoginsSurging, labels: here, value: '500' }],
  },
  {
    name: 'many refused logins are told a minute after they are known',
    about: failedLoginsSurging,
    series: logins('40x2 500x20'),
    at: '8m',
    fires: [{ rule: failedLoginsSurging, labels: here, value: '500' }],
  },
  {
    name: 'many refused logins are told where there was no week before',
    ...surging,
    series: logins('_x37 500x10'),
    fires: [{ rule: failedLoginsSurging, labels: here, value: '500' }],
  },
  {
    name: 'many refused logins are not told where they are usual',
    ...surging,
    series: logins('300x37 500x10'),
    fires: [],
  },
  {
    name: 'a few refused logins are not told, though there are none as a rule',
    ...surging,
    series: logins('1x37 60x10'),
    fires: [],
  },
  {
    name: 'many refused logins are not told in the very moment',
    ...surging,
    series: logins('40x39 500x10'),
    fires: [],
  },
]

export const auditCases: readonly Case[] = [...judged, ...updates, ...surges]
