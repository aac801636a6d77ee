import { TableCellDisplayMode, TableCellHeight } from '@grafana/grafana-foundation-sdk/common'
import {
  type DataTransformerConfig,
  type DynamicConfigValue,
  MappingType,
  type ValueMap,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table'
import { namesOf } from '../metrics/names.ts'
import type { Expr } from '../metrics/promql.ts'
import { colours, type Meaning, type Step } from './colour.ts'
import { asTable, byStep, dataSource, emptyText, type Panel, refIdOf, steps } from './field.ts'
import { query } from './query.ts'
import { type Unit, unitIds } from './unit.ts'

/** A column that says what a row is about. */
interface LabelColumn {
  readonly title: string
  /** In pixels. */
  readonly width?: number
  /** Colours by meaning, by the value of the label. */
  readonly colours?: Readonly<Record<string, Meaning>>
}

interface ValueColumn<Label extends string> {
  readonly title: string
  readonly expr: Expr<Label>
  readonly unit: Unit
  readonly decimals?: number
  /** Colours the cell from each step on. */
  readonly steps?: readonly Step[]
  readonly emptyWhen?: string
}

interface TableSpec<Label extends string> {
  readonly title: string
  readonly description: string
  readonly width?: number
  readonly height?: number
  /** The labels that tell the rows apart: exactly those that every column's expression carries. */
  readonly rows: Readonly<Record<Label, LabelColumn | string>>
  readonly columns: readonly [ValueColumn<NoInfer<Label>>, ...ValueColumn<NoInfer<Label>>[]]
  /** The title of the column to begin with, its largest value first. */
  readonly sortBy: string
}

/** A row per combination of labels, a column per label and per query: what is so now, or over the shown range. */
export const table = <const Label extends string>(spec: TableSpec<Label>): Panel => {
  const { title, description, width = 24, height = 9, columns, sortBy } = spec
  const labels = namesOf(spec.rows).map((label) => ({ label, ...labelColumn(spec.rows[label]) }))
  const titles = [...labels, ...columns].map((column) => column.title)
  if (!titles.includes(sortBy))
    throw new Error(`${title}: sorted by ${sortBy}, but its columns are ${titles.join(', ')}`)
  const queries = columns.map(({ expr, emptyWhen }) => query(expr, emptyWhen))
  const build: Panel['build'] = ({ id, gridPos }) => {
    const panel = new PanelBuilder()
      .id(id)
      .gridPos(gridPos)
      .title(title)
      .description(description)
      .datasource(dataSource)
      .noValue(emptyText(queries))
      .targets(queries.map(asTable))
      .transformations(transformations(labels, columns))
      .colorScheme(byStep())
      .thresholds(steps('muted', []))
      .cellHeight(TableCellHeight.Sm)
      .showHeader(true)
      .sortBy([{ build: () => ({ displayName: sortBy, desc: true }) }])
    for (const column of labels) panel.overrideByName(column.title, labelProperties(column))
    for (const column of columns) panel.overrideByName(column.title, valueProperties(column))
    return panel.build()
  }
  return { title, width, height, queries, build }
}

const labelColumn = (column: LabelColumn | string): LabelColumn =>
  typeof column === 'string' ? { title: column } : column

/** One table of all queries. A column is called Value where there is one query, Value #A and so on where there are more. */
const transformations = (
  labels: readonly (LabelColumn & { readonly label: string })[],
  columns: readonly { readonly title: string }[],
): DataTransformerConfig[] => {
  const names = [
    ...labels.map(({ label, title }) => [label, title] as const),
    ...columns.map(({ title }, place) => [`Value #${refIdOf(place)}`, title] as const),
  ]
  const renameByName = Object.fromEntries([...names, ...(columns.length === 1 ? [['Value', columns[0]?.title]] : [])])
  const indexByName = Object.fromEntries(Object.keys(renameByName).map((name, index) => [name, index]))
  return [
    { id: 'merge', options: {} },
    { id: 'organize', options: { excludeByName: { Time: true }, indexByName, renameByName } },
  ]
}

const coloured = { id: 'custom.cellOptions', value: { type: TableCellDisplayMode.ColorText } }

/** In a cell, what the panel says when it is empty would be said of one row. */
const emptyCell = { id: 'noValue', value: '–' }

const labelProperties = ({ width, colours: meanings }: LabelColumn): DynamicConfigValue[] => [
  emptyCell,
  ...(width === undefined ? [] : [{ id: 'custom.width', value: width }]),
  ...(meanings ? [{ id: 'mappings', value: [textColours(meanings)] }, coloured] : []),
]

const textColours = (meanings: Readonly<Record<string, Meaning>>): ValueMap => ({
  type: MappingType.ValueToText,
  options: Object.fromEntries(
    Object.entries(meanings).map(([value, is], index) => [value, { color: colours[is], index }]),
  ),
})

const valueProperties = <L extends string>(column: ValueColumn<L>): DynamicConfigValue[] => [
  emptyCell,
  { id: 'unit', value: unitIds[column.unit] },
  ...(column.decimals === undefined ? [] : [{ id: 'decimals', value: column.decimals }]),
  ...(column.steps ? [{ id: 'thresholds', value: steps('good', column.steps).build() }, coloured] : []),
]
