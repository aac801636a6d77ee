// Compiled by `tsc`, never run. Each line below a `@ts-expect-error` breaks one rule of the types.
import { alert, alertOf } from '../alerts/alert.ts'
import { type Slo, slos } from '../alerts/slo.ts'
import { type LatencyObjective, type Objective, type Severity, severities, sla } from '../config/sla.ts'
import { type Target, targets } from '../config/targets.ts'
import { type Channel, type TeamContact, teams } from '../config/teams.ts'
import type { Collector, Scraped, Source, Vitals } from '../exporters/collector.ts'
import { activity } from '../exporters/postgres/activity.ts'
import type { Postgres } from '../exporters/postgres/source.ts'
import { readings } from '../exporters/reading.ts'
import { redisCollectors, redisVitals } from '../exporters/redis/index.ts'
import type { Redis } from '../exporters/redis/source.ts'
import type { ServiceOptions } from '../exporters/service/index.ts'
import type { Instruments } from '../exporters/service/instruments/instruments.ts'
import type { reservationCounter } from '../exporters/service/reservations.ts'
import { counter, gauge, histogram, not, recorded, type Series } from '../metrics/metric.ts'
import * as q from '../metrics/promql.ts'

const help = 'x'
const elsewhere = { route: '/', cod: '500' } as const
const took = histogram({ name: 'demo_duration_seconds', help, labels: ['route'], buckets: [0.1, 0.5] })
const hits = counter({ name: 'demo_hits_total', help, labels: ['route', 'code'] })
const size = gauge({ name: 'demo_size_bytes', help, labels: ['table', 'schema'] })
const users = gauge({ name: 'demo_users', counts: 'users', help })
const info = gauge({ name: 'demo_build_info', help, labels: ['version'] })
const hitRate = q.rate(hits, '5m')
const byRoute = q.sum(hitRate, ['route'])
const byRouteAndCode = q.sum(hitRate, ['route', 'code'])
const byTable = q.sum(q.instant(size), ['table'])
const byInstance = q.sum(q.instant(size), ['instance'])
const infos = q.instant(info)
const record = recorded({ name: 'route:demo_hits:rate5m', expr: byRoute, labels: { slo: 'x' } })

// --- what is right compiles -------------------------------------------------------------------------------------

users.sample(3)
size.sample(3, { table: 'x', schema: 'y' })
counter({ name: 'redis_total_error_replies', peer: 'redis_exporter', help })
gauge({ name: 'pg_stat_activity_max_tx_duration', peer: 'postgres_exporter', help })
hits.where({ route: not('/health'), instance: 'api' })
q.rate(q.countAtMost(took, 0.5), '$__rate_interval')
q.div(byRoute, q.sum(q.rate(hits.where({ code: '500' }), '1d', { offset: '1w' }), ['route']))
q.gt(hitRate, 0.5)
const joined = q.mul(q.instant(size), infos, { on: ['instance'], groupLeft: ['version'] })
const paired = q.div(hitRate, q.instant(size), { on: ['instance'] })
const kept = q.and(hitRate, infos, { on: ['instance'] })
const keptBesides = q.unless(hitRate, infos, { ignoring: ['version', 'route', 'code'] })
const quantile = q.histogramQuantile(0.99, took, '5m', ['route'])
const replaced = q.labelReplace(byRoute, 'path', '$1', 'route', '(.*)')
const summary = ({ label }: { readonly label: (name: 'route') => string }) => label('route')
const runbook = { meaning: 'x', impact: 'x', diagnosis: [{ look: 'x' }], mitigation: ['x'] } as const
const spec = {
  name: 'X',
  expr: byRoute,
  for: '5m',
  severity: 'high',
  owner: 'platform',
  summary,
  action: 'y',
  runbook,
} as const
const threshold = { is: '80 %', least: '10 %', most: '100 %', source: 'x' } as const
alert({ ...spec, threshold, expr: (bound) => q.gt(byRoute, bound) })
const { runbook: _entry, ...unwritten } = spec
alertOf({ ...unwritten, owner: 'another' })
alert({ ...spec, summary: ({ label, value }) => `${label('route')}: ${value.percent}`, labels: { slo: 'x' } })
const everyPromise: Readonly<Record<keyof typeof sla, Slo>> = slos
export const scraped: Scraped = { kind: 'x', name: 'x', source: redisSource(), collectors: [], vitals: redisVitals }

// --- which labels a result carries, exactly ---------------------------------------------------------------------

type LabelsOf<T> = T extends q.Expr<infer L> ? L : T extends Series<string, infer L> ? L : never
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Carries<T, Labels> = Same<LabelsOf<T>, Labels>
type All<T extends readonly true[]> = T

export type Results = All<
  [
    Carries<typeof users, 'job' | 'instance'>,
    Carries<typeof hits, 'route' | 'code' | 'job' | 'instance'>,
    Carries<typeof hitRate, 'route' | 'code' | 'job' | 'instance'>,
    Carries<typeof byRoute, 'route'>,
    Carries<typeof record, 'route' | 'slo'>,
    Carries<typeof joined, 'table' | 'schema' | 'job' | 'instance' | 'version'>,
    Carries<typeof paired, 'instance'>,
    Carries<typeof kept, 'route' | 'code' | 'job' | 'instance'>,
    Carries<typeof keptBesides, 'route' | 'code' | 'job' | 'instance'>,
    Carries<typeof quantile, 'route'>,
    Carries<typeof replaced, 'route' | 'path'>,
    Same<LabelsOf<ReturnType<typeof q.vector>>, never>,
    Same<keyof typeof everyPromise, keyof typeof sla>,
  ]
>

// --- names, units, labels of a metric ---------------------------------------------------------------------------

// @ts-expect-error a gauge names its base unit, or says what it counts
gauge({ name: 'demo_members', help })
// @ts-expect-error a gauge that counts things has no foreign unit
gauge({ name: 'demo_delay_ms', counts: 'delays', help })
// @ts-expect-error a counter ends in _total
counter({ name: 'demo_hits', help })
// @ts-expect-error a counter has no foreign unit
counter({ name: 'demo_delay_milliseconds_total', help })
// @ts-expect-error a histogram names its base unit
histogram({ name: 'demo_delay_minutes', help, buckets: [1] })
// @ts-expect-error only the exporters we follow excuse a name
gauge({ name: 'mysql_up', peer: 'mysqld_exporter', help })
// @ts-expect-error the labels that Prometheus sets are not ours to use
counter({ name: 'demo_jobs_total', help, labels: ['job'] })
// @ts-expect-error a recorded series is named level:metric:operations
recorded({ name: 'demo_hits_rate5m', expr: byRoute })

// --- samples ----------------------------------------------------------------------------------------------------

// @ts-expect-error a sample of a metric with labels gives them
size.sample(3)
// @ts-expect-error a sample gives every label
size.sample(3, { table: 'x' })
// @ts-expect-error a sample gives no label that the metric lacks
size.sample(3, { table: 'x', schema: 'y', index: 'z' })
// @ts-expect-error a sample of a metric without labels gives none
users.sample(3, { table: 'x' })
// @ts-expect-error a histogram is no counter to count on
instruments().counter(took)
// @ts-expect-error an instrument is given every label of its metric
instruments().gauge(size).set(3, { table: 'x' })
// @ts-expect-error and none that it lacks
instruments().gauge(size).set(3, { table: 'x', schema: 'y', index: 'z' })
// @ts-expect-error one without labels is given none
instruments().gauge(users).inc({ table: 'x' })
// @ts-expect-error metrics read from one table have the same labels
readings([], { size, users })
// @ts-expect-error a histogram is several series: no column holds it
readings([], { took })

// --- selectors and functions ------------------------------------------------------------------------------------

// @ts-expect-error where() knows the labels of its metric
hits.where({ rout: '/' })
// @ts-expect-error also of matchers that were put together elsewhere
hits.where(elsewhere)
// @ts-expect-error and of a histogram's
took.where({ ...elsewhere, route: '/' })
// @ts-expect-error a gauge has no rate
q.rate(size, '5m')
// @ts-expect-error a counter says nothing until it is rated
q.instant(hits)
// @ts-expect-error a histogram is no value
q.instant(took)
// @ts-expect-error nor is an average of a counter over time
q.avgOverTime(hits, '5m')
// @ts-expect-error only a histogram has a count
q.countOf(hits)
// @ts-expect-error a bound is one of the buckets
q.countAtMost(took, 0.3)
// @ts-expect-error a window is a duration, or one that Grafana fills in
q.rate(hits, '5 minutes')
// @ts-expect-error an offset is a duration
q.instant(size, { offset: '1 week' })
// @ts-expect-error a subquery looks every so often
q.maxOverTime(size, '1h', { every: 'minute' })
// @ts-expect-error a quantile is kept by labels that the histogram has
q.histogramQuantile(0.99, took, '5m', ['code'])
// @ts-expect-error label_replace() reads a label that is there
q.labelReplace(byRoute, 'path', '$1', 'code', '(.*)')
// @ts-expect-error text is no expression
q.gt({ promql: 'demo_ghost' }, 1)
// @ts-expect-error nor is a selector written by hand
q.instant({ type: 'gauge', name: 'demo_ghost', matchers: [] })

// --- aggregation and operators ----------------------------------------------------------------------------------

// @ts-expect-error by() knows the labels of its vector
q.max(byRoute, ['rout'])
// @ts-expect-error an aggregation drops the labels that by() does not name
q.sum(byRoute, ['code'])
// @ts-expect-error a rule's series carries no label that its expression dropped
q.sum(q.instant(record), ['instance'])
// @ts-expect-error both sides of arithmetic carry the same labels
q.div(byRoute, byTable)
// @ts-expect-error and none carries more than the other
q.div(byRouteAndCode, byRoute)
// @ts-expect-error both sides of a comparison carry the same labels
q.gt(byRoute, byTable)
// @ts-expect-error both sides of `and` carry the same labels
q.and(byRoute, byTable)
// @ts-expect-error both sides of `or` carry the same labels
q.or(byRoute, byTable)
// @ts-expect-error even where they are paired by fewer, for the series of both come through
q.or(byInstance, q.sum(infos, ['instance', 'version']), { on: ['instance'] })
// @ts-expect-error no number stands beside `and`
q.and(byRoute, 1)
// @ts-expect-error no number stands beside `or`
q.or(byRoute, 1)
// @ts-expect-error arithmetic is matched on labels that both sides have
q.div(hitRate, infos, { on: ['route'] })
// @ts-expect-error arithmetic that takes labels is matched on labels that both sides have
q.mul(hitRate, infos, { on: ['code'], groupLeft: ['version'] })
// @ts-expect-error a comparison is matched on labels that both sides have
q.gt(hitRate, infos, { on: ['route'] })
// @ts-expect-error `unless` is matched on labels that both sides have
q.unless(hitRate, infos, { on: ['route'] })
// @ts-expect-error `and` ignores labels that one of its sides has
q.and(hitRate, infos, { ignoring: ['table'] })
// @ts-expect-error where nothing is ignored, nothing is said
q.unless(hitRate, infos, { ignoring: [] })
// @ts-expect-error group_left() takes labels that the right side has
q.mul(hitRate, infos, { on: ['instance'], groupLeft: ['table'] })
// @ts-expect-error a comparison takes no labels from the right
q.gt(hitRate, infos, { on: ['instance'], groupLeft: ['version'] })

// --- alerts -----------------------------------------------------------------------------------------------------

// @ts-expect-error an alert is over an expression, not over text
alert({ ...spec, expr: 'demo_ghost > 1' })
// @ts-expect-error an alert of ours has an entry in the runbook
alert({ ...spec, runbook: undefined })
// @ts-expect-error an owner that comes with the series is a label of theirs
alert({ ...spec, owner: { label: 'owner' } })
// @ts-expect-error an entry says what to look at
alert({ ...spec, runbook: { ...runbook, diagnosis: [] } })
// @ts-expect-error what is judged by a threshold declares it
alert({ ...spec, expr: (bound: number) => q.gt(byRoute, bound) })
// @ts-expect-error a threshold has a unit that is known
alert({ ...spec, threshold: { ...threshold, is: '80 percent' }, expr: (bound) => q.gt(byRoute, bound) })
// @ts-expect-error a threshold says where it comes from
alert({ ...spec, threshold: { is: '1', least: '1', most: '2' }, expr: (bound) => q.gt(byRoute, bound) })
// @ts-expect-error an alert has one of the four severities
alert({ ...spec, severity: 'urgent' })
// @ts-expect-error an alert has a team that answers for it
alert({ ...spec, owner: 'nobody' })
// @ts-expect-error an alert holds for a duration
alert({ ...spec, for: 'a while' })
// @ts-expect-error a summary quotes labels that the expression carries
alert({ ...spec, summary: ({ label }) => label('rout') })
// @ts-expect-error an action quotes labels that the expression still carries
alert({ ...spec, action: ({ label }) => label('code') })
// @ts-expect-error a value is quoted in one of the reader's units
alert({ ...spec, summary: ({ value }) => value.minutes })
// @ts-expect-error an alert says what to do
alert({ ...spec, action: undefined })
// @ts-expect-error added labels do not overrule the severity
alert({ ...spec, labels: { severity: 'low' } })
// @ts-expect-error added labels do not overrule the owner
alert({ ...spec, labels: { owner: 'support' } })

// --- promises, teams, targets -----------------------------------------------------------------------------------

const { httpLatency, ...others } = slos
// @ts-expect-error every promise has a measure
export const measured: typeof slos = others
// @ts-expect-error a measure of a promise is one number, without labels
export const split: Slo = { ...httpLatency, bad: () => byRoute }
// @ts-expect-error a promise has a team that answers for it
export const unowned: Objective = { ...sla.httpLatency, owner: 'nobody' }
// @ts-expect-error a promise is kept over days
export const endless: Objective = { ...sla.httpLatency, window: 'a month' }
// @ts-expect-error a promise about time says how much
export const timeless: LatencyObjective = sla.httpAvailability
// @ts-expect-error a severity says what happens when nobody responds
export const patient: Severity = { ...severities.low, escalation: { action: 'wait' } }
// @ts-expect-error a target names a variable that holds a URL
export const port: Target = { ...targets.main, url: 'EXPORTER_PORT' }
// @ts-expect-error a target is of kinds that the exporter reads
export const unread: Target = { ...targets.main, kinds: ['mysql'] }
// @ts-expect-error a team is told of the severities that there are
export const deaf: TeamContact = { ...teams.support, tell: { urgent: [] } }
// @ts-expect-error a Slack channel begins with #
export const channel: Channel = { kind: 'slack', secret: 'slack_webhook_url', channel: 'alerts' }

// --- exporters --------------------------------------------------------------------------------------------------

// @ts-expect-error a source is read by collectors of its own kind
export const mixed: Scraped<Redis> = { ...scraped, source: redisSource(), collectors: [activity] }
// @ts-expect-error a collector of PostgreSQL reads no Redis
activity.collect(redis(), new AbortController().signal)
// @ts-expect-error a collector says which metrics it fills
export const silent: Collector<Postgres> = { name: 'silent', collect: async () => [] }
// @ts-expect-error every kind of source says whether it is up
export const vital: Vitals = { success: redisVitals.success, duration: redisVitals.duration }
// @ts-expect-error a reservation ends in one of the outcomes
export const outcome: Parameters<ReturnType<typeof reservationCounter>>[0] = 'lost'
// @ts-expect-error an option that is none does nothing
export const option: ServiceOptions = { metrcs: { port: 9465 } }
export const right: Scraped<Redis> = { ...scraped, source: redisSource(), collectors: redisCollectors() }

declare function redis(): Redis
declare function redisSource(): Source<Redis>
declare function instruments(): Instruments
