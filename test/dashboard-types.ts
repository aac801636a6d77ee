// Compiled by `tsc`, never run. Each line below a `@ts-expect-error` breaks one rule of the dashboards' types.
import { dashboard, row } from '../dashboards/dashboard.ts'
import { stat, text, timeseries } from '../dashboards/panel.ts'
import { series } from '../dashboards/query.ts'
import { detail, table } from '../dashboards/table.ts'
import type { Unit } from '../dashboards/unit.ts'
import { variable } from '../dashboards/variable.ts'
import { counter, gauge } from '../metrics/metric.ts'
import * as q from '../metrics/promql.ts'

const help = 'x'
const hits = counter({ name: 'demo_hits_total', help, labels: ['route', 'code'] })
const size = gauge({ name: 'demo_size_bytes', help, labels: ['table'] })
const byRoute = q.sum(q.rate(hits, '$__rate_interval'), ['route'])
const byRouteAndCode = q.sum(q.rate(hits, '$__rate_interval'), ['route', 'code'])
const byCode = q.sum(q.rate(hits, '$__rate_interval'), ['code'])
const all = q.sum(q.rate(hits, '$__rate_interval'))

// --- what is right compiles -------------------------------------------------------------------------------------

const target = variable({ name: 'x', label: 'X', of: hits, values: 'instance' })
const told = series(byRoute, ({ label }) => label('route'))
const titled = { title: 'X', description: 'y' } as const
const shown = { ...titled, unit: 'seconds', queries: [told] } as const
const chart = timeseries({ ...shown, limits: [{ from: 1, is: 'bad' }], colours: { x: 'good' } })
const value = stat({ ...shown, names: { 1: { text: 'UP', is: 'good' } } })
const column = { title: 'Hits', expr: byRoute, unit: 'perSecond' } as const
const rows = table({ ...titled, rows: { route: 'Route' }, columns: [column], sortBy: 'Hits' })
const listed = { ...titled, columns: [column], sortBy: 'Hits' } as const
table({ ...listed, rows: { route: { title: 'Route', opens: { uid: 'x', choose: { route: target } } } } })
const more = detail({ code: 'Code' }, { title: 'By code', expr: byRouteAndCode, unit: 'perSecond' })
const lacking = detail({}, { title: 'By code', expr: byRouteAndCode, unit: 'perSecond' })
table({ ...titled, rows: { route: 'Route' }, columns: [column, more], sortBy: 'Hits' })
const page = { uid: 'techplus-x', title: 'X', description: 'y' } as const
dashboard({ ...page, variables: [target], rows: [row('Which?', [chart, value, rows])] })
q.rate(hits.where({ instance: target.selected }), '$__rate_interval')

// --- queries and legends ----------------------------------------------------------------------------------------

// @ts-expect-error the aggregation dropped the label that the legend names
series(byRoute, ({ label }) => label('code'))
// @ts-expect-error an expression without labels has none to quote
series(all, ({ label }) => label('route'))
// @ts-expect-error no such label was ever there
series(q.instant(size), ({ label }) => label('tables'))
// @ts-expect-error a query is no string
series('up', 'up')
// @ts-expect-error a counter means nothing by itself
series(q.instant(hits), 'hits')

// --- panels -----------------------------------------------------------------------------------------------------

// @ts-expect-error no such unit
timeseries({ ...shown, unit: 'parsecs' })
// @ts-expect-error units go by our names
export const unit: Unit = 'reqps'
// @ts-expect-error a value has a unit
stat({ ...titled, queries: [told] })
// @ts-expect-error a panel says what it shows
timeseries({ title: 'X', unit: 'seconds', queries: [told] })
// @ts-expect-error a panel has a title
stat({ description: 'y', unit: 'seconds', queries: [told] })
// @ts-expect-error a colour has a meaning
timeseries({ ...shown, colours: { x: 'purple' } })
// @ts-expect-error a line that is drawn means something
timeseries({ ...shown, limits: [{ from: 1 }] })
// @ts-expect-error words are Markdown
text({ title: 'X' })

// --- tables -----------------------------------------------------------------------------------------------------

// @ts-expect-error every column's rows are told apart by the labels of the table
table({ ...titled, rows: { route: 'Route' }, columns: [{ ...column, expr: byRouteAndCode }], sortBy: 'Hits' })
// @ts-expect-error a label that the column does not carry
table({ ...titled, rows: { route: 'Route', code: 'Code' }, columns: [column], sortBy: 'Hits' })
// @ts-expect-error two columns tell their rows apart by the same labels
table({ ...titled, rows: { route: 'Route' }, columns: [column, { ...column, expr: all }], sortBy: 'Hits' })
// @ts-expect-error a table has a column
table({ ...titled, rows: { route: 'Route' }, columns: [], sortBy: 'Hits' })
// @ts-expect-error a column has a unit
table({ ...titled, rows: { route: 'Route' }, columns: [{ title: 'Hits', expr: byRoute }], sortBy: 'Hits' })

// @ts-expect-error what is chosen is said by a label of the row
table({ ...listed, rows: { route: { title: 'Route', opens: { uid: 'x', choose: { code: target } } } } })
// @ts-expect-error what becomes of a label is a choice
table({ ...listed, rows: { route: { title: 'Route', opens: { uid: 'x', choose: { route: 'x' } } } } })
// @ts-expect-error a detail is joined by the labels of the table
table({ ...titled, rows: { code: 'Code' }, columns: [{ ...column, expr: byCode }, more], sortBy: 'Hits' })
// @ts-expect-error a detail that the table does not say
table({ ...titled, rows: { route: 'Route' }, columns: [column, lacking], sortBy: 'Hits' })

// --- dashboards -------------------------------------------------------------------------------------------------

// @ts-expect-error a choice is among the values of a label that there is
variable({ name: 'x', label: 'X', of: hits, values: 'path' })
// @ts-expect-error an address begins with our name, so that it is nobody else's
dashboard({ ...page, uid: 'x', rows: [] })
// @ts-expect-error a dashboard says when to open it
dashboard({ uid: 'techplus-x', title: 'X', rows: [] })
// @ts-expect-error a range is a number of minutes, hours or days
dashboard({ ...page, rows: [], from: 'yesterday' })
