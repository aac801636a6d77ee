import { boundary } from '../alerts/alert.ts'
import { exporterMemoryHigh } from '../alerts/stack/exporter.ts'
import { scrapeSlow, targetUnreliable } from '../alerts/stack/targets.ts'
import type { FolderKind, ServerKind } from '../config/targets.ts'
import { everyKind } from '../exporters/index.ts'
import { residentMemory } from '../exporters/service/runtime/runtime-metrics.ts'
import { headSeries, samplesScraped, scrapeDuration, up } from '../metrics/foreign.ts'
import { not } from '../metrics/metric.ts'
import { namesOf } from '../metrics/names.ts'
import {
  avgOverTime,
  complement,
  count,
  type Expr,
  eq,
  instant,
  labelReplace,
  max,
  maxOverTime,
  min,
  or,
  sum,
} from '../metrics/promql.ts'
import { upOrDown } from './colour.ts'
import { dashboard, row } from './dashboard.ts'
import { stat, timeseries } from './panel.ts'
import { type Quoted, series } from './query.ts'
import { machineRow, ruleRow } from './stack-beneath.ts'
import { remoteWriteRow } from './stack-remote-write.ts'
import { table } from './table.ts'
import { uids } from './uids.ts'

const place = ['job', 'instance'] as const
const nameOf = ({ label }: Quoted<(typeof place)[number]>) => `${label('job')}/${label('instance')}`

type Vitals = ReturnType<typeof everyKind>[number]['vitals']
type OfCollector = 'collector' | (typeof place)[number]
/** Every kind of target has names of its own for them. */
const ofEachKind = <const By extends OfCollector | 'page'>(ask: (vitals: Vitals) => Expr<By>): Expr<By> =>
  everyKind()
    .map(({ vitals }) => ask(vitals))
    .reduce((all, one) => or(all, one))
const failing = ofEachKind(({ success }) => count(eq(instant(success), 0), ['collector', ...place]))

/** The dashboard of what is read from targets of a kind. */
const pages: Readonly<Record<ServerKind | FolderKind, string>> = {
  postgres: uids.postgres,
  redis: uids.redis,
  reservations: uids.reservations,
  jobs: uids.jobs,
}
/** Adds its address, as the label `page`. */
const withPage = (vector: Expr<OfCollector>) =>
  namesOf(pages).reduce<Expr<OfCollector | 'page'>>(
    (named, kind) => labelReplace(named, 'page', pages[kind], 'job', kind),
    labelReplace(vector, 'page', '', 'job', '.*'),
  )
const spanOf = (of: Expr<OfCollector>) => max(withPage(of), ['collector', 'page'])

const watched = row('Is everything watched?', [
  stat({
    title: 'Targets',
    description: 'What Prometheus scrapes. DOWN: what it watches is not watched now, and nothing is known of it.',
    width: 24,
    height: 5,
    unit: 'plain',
    queries: [series(min(instant(up), place), nameOf)],
    names: upOrDown,
  }),
  timeseries({
    title: 'Time of a scrape',
    description: 'How long each takes. From the line on somebody is told: soon it is too long, and the target is DOWN.',
    width: 8,
    unit: 'seconds',
    min: 0,
    queries: [series(max(instant(scrapeDuration), place), nameOf)],
    limits: [{ from: boundary(scrapeSlow), is: 'warning' }],
  }),
  timeseries({
    title: 'Scrapes that failed',
    description: 'Share of the last hour. Each leaves a gap in graphs, and alerts that wait begin to wait again.',
    width: 8,
    unit: 'share',
    min: 0,
    queries: [series(complement(avgOverTime(up, '1h')), nameOf)],
    limits: [{ from: boundary(targetUnreliable), is: 'warning' }],
  }),
  timeseries({
    title: 'Collectors that fail',
    description:
      'Parts of the exporter that could not read what they are for, most often for want of a right: its log says which grant mends it.',
    width: 8,
    unit: 'count',
    min: 0,
    queries: [
      series(failing, ({ label }) => `${label('collector')} of ${label('job')}/${label('instance')}`, {
        emptyWhen: 'Every collector succeeds, or the exporter was not scraped',
      }),
    ],
  }),
])

const cost = row('What does watching cost?', [
  timeseries({
    title: 'Series by target',
    description: 'Series of the last scrape. One that grows without end has a label that it should not have.',
    width: 6,
    unit: 'count',
    min: 0,
    queries: [series(sum(instant(samplesScraped), place), nameOf)],
    stack: true,
  }),
  timeseries({
    title: 'Series in Prometheus',
    description: 'Series that were written to within the last hours: its memory follows them.',
    width: 5,
    unit: 'count',
    min: 0,
    queries: [series(sum(instant(headSeries)), 'series')],
  }),
  timeseries({
    title: 'Memory of the stack',
    description:
      'What the system counts for each of its processes, the API left out. The line is that of the exporter.',
    width: 5,
    unit: 'bytes',
    min: 0,
    queries: [series(max(instant(residentMemory.where({ job: not('api') })), ['job']), ({ label }) => label('job'))],
    limits: [{ from: boundary(exporterMemoryHigh), is: 'warning' }],
  }),
  table({
    title: 'Collectors',
    description:
      'How long each takes, over the shown range. They run side by side: a scrape takes as long as the slowest.',
    width: 8,
    height: 8,
    rows: {
      collector: { title: 'Collector', width: 150 },
      page: { title: 'Of', width: 110, leadsTo: Object.fromEntries(namesOf(pages).map((kind) => [pages[kind], kind])) },
    },
    columns: [
      { title: 'Mean', expr: ofEachKind(({ duration }) => spanOf(avgOverTime(duration, '$__range'))), unit: 'seconds' },
      {
        title: 'Longest',
        expr: ofEachKind(({ duration }) => spanOf(maxOverTime(duration, '$__range'))),
        unit: 'seconds',
      },
    ],
    sortBy: 'Longest',
  }),
])

export const stack = dashboard({
  uid: uids.stack,
  title: 'Stack',
  description: 'What watches: targets, collectors, Prometheus, its rules and messages, and the machine below.',
  rows: [watched, cost, ruleRow, machineRow, remoteWriteRow],
})
