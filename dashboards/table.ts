import {
  TableCellBackgroundDisplayMode,
  TableCellDisplayMode,
  TableCellHeight,
} from '@grafana/grafana-foundation-sdk/common'
import {
  type DataTransformerConfig,
  type DynamicConfigValue,
  MappingType,
  type SpecialValueMap,
  SpecialValueMatch,
  type ValueMap,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table'
import { namesOf } from '../metrics/names.ts'
import type { Expr } from '../metrics/promql.ts'
import { grounds, type Meaning, type Names, type Step } from './colour.ts'
import {
  asTable,
  byStep,
  dataSource,
  emptyText,
  leadsTo,
  leadsToItself,
  type Panel,
  type Placed,
  refIdOf,
  steps,
  valueNames,
} from './field.ts'
import { type Query, query } from './query.ts'
import { type Unit, unitIds } from './unit.ts'
import type { Variable } from './variable.ts'

/** What a click on a label opens: a dashboard on what the row is about, or one panel of it. */
interface Opens<Label extends string> {
  readonly uid: string
  /** The number of the panel that is shown alone. */
  readonly panel?: number
  /** The choices there that become what the row says, by the label that says it. */
  readonly choose?: Readonly<Partial<Record<Label, Variable>>>
}

/** A column that says what a row is about. */
interface LabelColumn<Label extends string = string> {
  readonly title: string
  /** In pixels. */
  readonly width?: number
  /** Colours by meaning, by the value of the label. */
  readonly colours?: Readonly<Record<string, Meaning>>
  /** Where the label holds the address of a dashboard: the words that lead there, by address. */
  readonly leadsTo?: Readonly<Record<string, string>>
  readonly opens?: Opens<Label>
}
interface NamedColumn extends LabelColumn {
  readonly label: string
}

interface Cells {
  readonly title: string
  readonly unit: Unit
  readonly decimals?: number
  /** Colours the cell from each step on; before the first it is `base`, or as it would be without. */
  readonly steps?: readonly Step[]
  readonly base?: Meaning
  readonly names?: Names
  readonly emptyWhen?: string
}
interface ValueColumn<Label extends string> extends Cells {
  readonly expr: Expr<Label>
}
/** A column whose expression says more of its rows than the others do. */
interface DetailColumn<in out Label extends string> extends Cells {
  readonly query: Query
  readonly labels: readonly NamedColumn[]
  /** The labels by which it is joined to the others. */
  readonly joins: (label: Label) => Label
}

/** @param more what else is said, by label: columns before that of the value, empty in rows that it has no value for */
export const detail = <const More extends string, Label extends string>(
  more: Readonly<Record<More, LabelColumn<NoInfer<Label>> | string>>,
  column: ValueColumn<Label>,
): DetailColumn<Exclude<Label, More>> => {
  const { expr, ...cells } = column
  return { ...cells, query: query(expr, column.emptyWhen), labels: namedColumns(more), joins: (label) => label }
}

interface TableSpec<Label extends string> {
  readonly title: string
  readonly description: string
  readonly width?: number
  readonly height?: number
  /** The labels that tell the rows apart: exactly those that every column's expression carries. */
  readonly rows: Readonly<Record<Label, LabelColumn<NoInfer<Label>> | string>>
  readonly columns: readonly [
    ValueColumn<NoInfer<Label>>,
    ...(ValueColumn<NoInfer<Label>> | DetailColumn<NoInfer<Label>>)[],
  ]
  /** The title of the column to begin with, its largest value first; or of several, one after another, their smallest first. */
  readonly sortBy: string | { readonly ascending: readonly string[] }
}

/** A row per combination of labels, a column per label and per query: what is so now, or over the shown range. */
export const table = <const Label extends string>(spec: TableSpec<Label>): Panel => {
  const { title, description, width = 24, height = 9, sortBy } = spec
  const rows = namedColumns(spec.rows)
  const columns = spec.columns.map((column) => ('query' in column ? column : plain(column)))
  const labels = [...rows, ...columns.flatMap((column) => column.labels)]
  const titles = [...labels, ...columns].map((column) => column.title)
  const order =
    typeof sortBy === 'string'
      ? [{ displayName: sortBy, desc: true }]
      : sortBy.ascending.map((displayName) => ({ displayName, desc: false }))
  const unknown = order.find(({ displayName }) => !titles.includes(displayName))
  if (unknown) throw new Error(`${title}: sorted by ${unknown.displayName}, but its columns are ${titles.join(', ')}`)
  const queries = columns.map((column) => column.query)
  const build: Panel['build'] = (at) => {
    const panel = new PanelBuilder()
      .id(at.id)
      .gridPos(at.gridPos)
      .title(title)
      .description(description)
      .datasource(dataSource)
      .noValue(emptyText(queries))
      .targets(queries.map(asTable))
      .transformations(transformations(rows, columns))
      .colorScheme(byStep())
      .thresholds(steps('muted', [], grounds))
      .cellHeight(TableCellHeight.Sm)
      .showHeader(true)
      .sortBy(order.map((by) => ({ build: () => by })))
    for (const column of labels) panel.overrideByName(column.title, labelProperties(column, at))
    for (const column of columns) panel.overrideByName(column.title, valueProperties(column))
    return panel.build()
  }
  return { title, width, height, queries, build }
}

const labelColumn = (column: LabelColumn | string): LabelColumn =>
  typeof column === 'string' ? { title: column } : column

const namedColumns = <Label extends string>(
  columns: Readonly<Record<Label, LabelColumn | string>>,
): readonly NamedColumn[] => namesOf(columns).map((label) => ({ label, ...labelColumn(columns[label]) }))

interface PlainColumn extends Cells {
  readonly query: Query
  readonly labels: readonly NamedColumn[]
}
const plain = <Label extends string>({ expr, ...cells }: ValueColumn<Label>): PlainColumn => ({
  ...cells,
  query: query(expr, cells.emptyWhen),
  labels: [],
})

/** One table of all queries. A column is called Value where there is one query, Value #A and so on where there are more. */
const transformations = (rows: readonly NamedColumn[], columns: readonly PlainColumn[]): DataTransformerConfig[] => {
  const named = ({ label, title }: NamedColumn) => [label, title] as const
  const names = [
    ...rows.map(named),
    ...columns.flatMap(({ title, labels }, place) => [
      ...labels.map(named),
      [`Value #${refIdOf(place)}`, title] as const,
    ]),
  ]
  const renameByName = Object.fromEntries([...names, ...(columns.length === 1 ? [['Value', columns[0]?.title]] : [])])
  const indexByName = Object.fromEntries(Object.keys(renameByName).map((name, index) => [name, index]))
  return [
    { id: 'merge', options: {} },
    { id: 'organize', options: { excludeByName: { Time: true }, indexByName, renameByName } },
  ]
}

const coloured = {
  id: 'custom.cellOptions',
  value: { type: TableCellDisplayMode.ColorBackground, mode: TableCellBackgroundDisplayMode.Basic },
}

/** In a cell, what the panel says when it is empty would be said of one row. */
const emptyCell = { id: 'noValue', value: '–' }

/** Where there is no value, it is neither good nor bad. */
const uncoloured: SpecialValueMap = {
  type: MappingType.SpecialValue,
  options: { match: SpecialValueMatch.NullAndNan, result: { text: emptyCell.value, color: grounds.muted } },
}

const labelProperties = (
  { width, colours: meanings, leadsTo: addresses, opens }: LabelColumn,
  at: Placed,
): DynamicConfigValue[] => [
  emptyCell,
  ...(width === undefined ? [] : [{ id: 'custom.width', value: width }]),
  ...(meanings ? [{ id: 'mappings', value: [textColours(meanings)] }, coloured] : []),
  ...(addresses
    ? [
        { id: 'mappings', value: [words(addresses)] },
        { id: 'links', value: [leadsToItself(at).build()] },
      ]
    : []),
  ...(opens ? [{ id: 'links', value: [opening(opens, at).build()] }] : []),
]

/** Encoded by itself: Grafana leaves what divides an address as it is. */
const cellOf = (label: string) => `\${__data.fields.${label}:percentencode}`

const opening = ({ choose = {}, ...aim }: Opens<string>, at: Placed) => {
  const chosen = Object.entries(choose).flatMap(([label, made]) => (made ? [[made.name, cellOf(label)]] : []))
  return leadsTo({ ...aim, chosen: Object.fromEntries(chosen) }, 'Look closer', at)
}

const words = (told: Readonly<Record<string, string>>): ValueMap => ({
  type: MappingType.ValueToText,
  options: Object.fromEntries(Object.entries(told).map(([value, text], index) => [value, { text, index }])),
})

const textColours = (meanings: Readonly<Record<string, Meaning>>): ValueMap => ({
  type: MappingType.ValueToText,
  options: Object.fromEntries(
    Object.entries(meanings).map(([value, is], index) => [value, { color: grounds[is], index }]),
  ),
})

const valueProperties = (column: Cells): DynamicConfigValue[] => [
  emptyCell,
  { id: 'unit', value: unitIds[column.unit] },
  ...(column.decimals === undefined ? [] : [{ id: 'decimals', value: column.decimals }]),
  ...(column.steps ? [{ id: 'thresholds', value: steps(column.base ?? 'muted', column.steps, grounds).build() }] : []),
  ...(column.steps || column.names
    ? [{ id: 'mappings', value: [...(column.names ? [valueNames(column.names)] : []), uncoloured] }, coloured]
    : []),
]
