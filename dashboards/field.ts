import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common'
import {
  type Panel as Built,
  DashboardLinkBuilder,
  DashboardLinkType,
  FieldColorBuilder,
  FieldColorModeId,
  type GridPos,
  MappingType,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMap,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { colours, grounds, type Meaning, type Names, type Step } from './colour.ts'
import type { Query } from './query.ts'

/** Where a panel stands, its number on the dashboard, and the names of the choices that there are around it. */
export interface Placed {
  readonly id: number
  readonly gridPos: GridPos
  readonly choices: readonly string[]
}

/** A panel before it has its place. */
export interface Panel {
  readonly title: string
  readonly width: number
  readonly height: number
  readonly queries: readonly Query[]
  readonly build: (at: Placed) => Built
}

/** The name of the choice of a data source, in the head of every dashboard. */
export const sourceChoice = 'datasource'
export const dataSource: DataSourceRef = { type: 'prometheus', uid: `\${${sourceChoice}}` }

/** What stands where a panel has nothing to show and says no more. */
export const noData = 'No data in this range'
/** Why a panel may have nothing to show though all is well, if that holds for all that it asks. */
export const emptyText = (queries: readonly Query[]): string => {
  const reasons = queries.flatMap(({ emptyWhen }) => emptyWhen ?? [])
  return reasons.length > 0 && reasons.length === queries.length ? [...new Set(reasons)].join('; ') : noData
}

/** A, B, ... by place, so that adding a query in the end changes none before it. */
export const refIdOf = (place: number): string => String.fromCharCode('A'.charCodeAt(0) + place)

const ask = ({ expr }: Query, place: number) =>
  new DataqueryBuilder().refId(refIdOf(place)).datasource(dataSource).expr(expr)

export const overTime = (query: Query, place: number): DataqueryBuilder => {
  const asked = ask(query, place).legendFormat(query.legend).range()
  return query.exemplars ? asked.exemplar(true) : asked
}
export const now = (query: Query, place: number): DataqueryBuilder =>
  ask(query, place).legendFormat(query.legend).instant()
export const asTable = (query: Query, place: number): DataqueryBuilder =>
  ask(query, place).format(PromQueryFormat.Table).instant()

export const steps = (
  base: Meaning,
  rest: readonly Step[],
  shades: Readonly<Record<Meaning, string>> = colours,
): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: shades[base] },
    // Grafana takes the last one that is passed, in their order.
    ...rest.toSorted((one, other) => one.from - other.from).map(({ from, is }) => ({ value: from, color: shades[is] })),
  ])

/** One colour a series, to tell them apart; the only one is neutral, for green would say that it is well. */
export const bySeries = (queries: readonly Query[]): FieldColorBuilder =>
  queries.length === 1 && queries.every(({ legend }) => !legend.includes('{{'))
    ? new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(colours.neutral)
    : new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic)
export const byStep = (): FieldColorBuilder => new FieldColorBuilder().mode(FieldColorModeId.Thresholds)
export const fixed = (fixedColor: string) => ({ mode: FieldColorModeId.Fixed, fixedColor })
export const fixedColour = (is: Meaning) => fixed(colours[is])

/** Words are letters on a ground, wherever they stand. */
export const valueNames = (names: Names): ValueMap => ({
  type: MappingType.ValueToText,
  options: Object.fromEntries(
    Object.entries(names).map(([value, { text, is }], index) => [value, { text, color: grounds[is], index }]),
  ),
})

interface Aim {
  readonly uid: string
  /** The number of the panel that is shown alone. */
  readonly panel?: number
  /** The choices that the click makes there, by their names: what Grafana puts in for each. */
  readonly chosen?: Readonly<Record<string, string>>
}

/** A click that leads to a dashboard in the same range of time, with the choices made here but for those that it makes itself. */
export const leadsTo = (
  { uid, panel, chosen = {} }: Aim,
  title: string,
  { choices }: Pick<Placed, 'choices'>,
): DashboardLinkBuilder => {
  // Said twice, a choice would be of both: those that stay are named one by one.
  const kept = choices.filter((name) => !Object.hasOwn(chosen, name)).map((name) => `\${${name}:queryparam}`)
  const made = Object.entries(chosen).map(([name, value]) => `var-${name}=${value}`)
  const query = [`\${__url_time_range}`, ...(panel === undefined ? [] : [`viewPanel=${panel}`]), ...made, ...kept]
  return new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(`/d/${uid}?${query.join('&')}`)
}

/** A click that leads to the dashboard whose address is the value that was clicked, in the same way. */
export const leadsToItself = (at: Pick<Placed, 'choices'>): DashboardLinkBuilder =>
  leadsTo({ uid: `\${__value.raw}` }, 'Open its dashboard', at)
