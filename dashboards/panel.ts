import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TextBuilder, TextMode } from '@grafana/grafana-foundation-sdk/text'
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { colours, grounds, type Meaning, type Names, type Step, seriesColours } from './colour.ts'
import {
  bySeries,
  byStep,
  dataSource,
  emptyText,
  fixed,
  fixedColour,
  leadsTo,
  now,
  overTime,
  type Panel,
  type Placed,
  refIdOf,
  steps,
  valueNames,
} from './field.ts'
import { intervalOf, type Spaced } from './interval.ts'
import type { Query } from './query.ts'
import { type Unit, unitIds } from './unit.ts'
import type { Variable } from './variable.ts'

interface Titled {
  readonly title: string
  /** What it shows, how to read it, and what to do when it looks wrong. */
  readonly description: string
  /** Of 24 columns. */
  readonly width?: number
  /** In rows of 30 pixels. */
  readonly height?: number
}

interface Shown extends Titled {
  readonly unit: Unit
  readonly queries: readonly Query[]
  readonly decimals?: number
  readonly min?: number
  readonly max?: number
}

interface TimeseriesSpec extends Shown, Spaced {
  /** Adds the series up, where their sum means something. */
  readonly stack?: boolean
  /** Values that mean something, each drawn as a dashed line. */
  readonly limits?: readonly Step[]
  /** Values that the axis reaches at least, so that a limit is seen before it is near. */
  readonly reaches?: readonly [number, ...number[]]
  /** The series that are limits themselves: each is drawn as a dashed line in the colour of what lies beyond. */
  readonly bounds?: readonly string[]
  /** Colours by meaning, by the name of the series; the others get one each. */
  readonly colours?: Readonly<Record<string, Meaning>>
  /** `table` beside the chart, with the last and the largest value. */
  readonly legend?: 'list' | 'table'
}

/** Values over time. */
export const timeseries = (spec: TimeseriesSpec): Panel => {
  const {
    title,
    width = 12,
    height = 8,
    queries,
    stack = false,
    limits = [],
    bounds = [],
    reaches,
    legend = 'list',
  } = spec
  const interval = intervalOf(queries, spec)
  const names = queries.map((query) => query.legend)
  const nameless = bounds.find((name) => !names.includes(name))
  if (nameless !== undefined)
    throw new Error(`${title}: ${nameless} bounds nothing: its series are ${names.join(', ')}`)
  const build = (at: Placed) => {
    const panel = new TimeseriesBuilder()
      .drawStyle(GraphDrawStyle.Line)
      .lineWidth(stack ? 1 : 2)
      .fillOpacity(filled(stack).usual)
      .showPoints(VisibilityMode.Auto)
      .colorScheme(bySeries(queries))
      .spanNulls(false)
      .stacking(new StackingConfigBuilder().mode(stack ? StackingMode.Normal : StackingMode.None))
      .thresholds(steps('neutral', limits))
      .thresholdsStyle(
        new GraphThresholdsStyleConfigBuilder().mode(
          limits.length > 0 ? GraphThresholdsStyleMode.Dashed : GraphThresholdsStyleMode.Off,
        ),
      )
      .legend(legendOptions(legend))
      .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    for (const [name, colour] of coloursOf(spec)) panel.overrideByName(name, lineProperties(colour, stack))
    for (const [place, name] of names.entries())
      if (bounds.includes(name)) panel.overrideByQuery(refIdOf(place), boundProperties)
    if (interval) panel.interval(interval)
    if (reaches) panel.axisSoftMin(Math.min(...reaches)).axisSoftMax(Math.max(...reaches))
    return finish(panel, spec, at, overTime)
  }
  return { title, width, height, queries, build }
}

/** By meaning where there is one; where the names of the others are known, a colour each. */
const coloursOf = ({
  queries,
  bounds = [],
  colours: meanings = {},
}: TimeseriesSpec): readonly (readonly [string, string])[] => {
  const named = Object.entries(meanings).map(([name, is]) => [name, colours[is]] as const)
  if (queries.length === 1) return named
  const others = queries
    .map(({ legend }) => legend)
    .filter((name) => !name.includes('{{') && meanings[name] === undefined && !bounds.includes(name))
  return [
    ...named,
    ...others.flatMap((name, place) => (seriesColours[place] ? [[name, seriesColours[place]] as const] : [])),
  ]
}

/** How much of an area its colour covers, in percent: what is bad stands out for whom its colour does not. */
const filled = (stack: boolean) => (stack ? { usual: 40, bad: 80 } : { usual: 8, bad: 30 })

const lineProperties = (colour: string, stack: boolean) => [
  { id: 'color', value: fixed(colour) },
  ...(colour === colours.bad ? [{ id: 'custom.fillOpacity', value: filled(stack).bad }] : []),
]

const boundProperties = [
  { id: 'color', value: fixedColour('bad') },
  { id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 10] } },
  { id: 'custom.fillOpacity', value: 0 },
  { id: 'custom.stacking', value: { mode: StackingMode.None } },
]

const legendOptions = (legend: 'list' | 'table') => {
  const options = new VizLegendOptionsBuilder().showLegend(true)
  return legend === 'list'
    ? options.displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).calcs([])
    : options.displayMode(LegendDisplayMode.Table).placement(LegendPlacement.Right).calcs(['lastNotNull', 'max'])
}

interface StatSpec extends Shown {
  /** The colour of the value from each step on; before the first it is `base`. */
  readonly steps?: readonly Step[]
  readonly base?: Meaning
  readonly names?: Names
  /** The colour of single series, by their names, instead of `steps`; before the first they have none. */
  readonly stepsOf?: Readonly<Record<string, readonly Step[]>>
  /**
   * Draws the way the value came behind it. The value is then the last there was, however old: only for what Prometheus
   * records by itself. Otherwise it is asked for now, and a target that is gone leaves none.
   */
  readonly sparkline?: boolean
  /** Its own period, whatever is chosen, as long as that is told from now: `now/M` is the month of the calendar so far. */
  readonly since?: 'now/M'
  /** What a click on the value opens: a dashboard's uid, and its choice that becomes the target clicked. */
  readonly opens?: { readonly uid: string; readonly choose?: Variable }
}

/** One value now, or one per series. */
export const stat = (spec: StatSpec): Panel => {
  const { title, width = 4, height = 4, queries, names, stepsOf = {}, sparkline = false, opens } = spec
  // What is worth a look may be among them, which has no colour for letters.
  const onGround = names !== undefined || spec.stepsOf !== undefined
  const shades = onGround ? grounds : colours
  const base = spec.base ?? (spec.stepsOf ? 'muted' : 'good')
  const build = (at: Placed) => {
    const panel = new StatBuilder()
      .thresholds(steps(spec.steps || spec.stepsOf || names ? base : 'neutral', spec.steps ?? [], shades))
      .colorMode(onGround ? BigValueColorMode.BackgroundSolid : BigValueColorMode.Value)
      .graphMode(sparkline ? BigValueGraphMode.Area : BigValueGraphMode.None)
      .textMode(queries.every(({ legend }) => legend === '') ? BigValueTextMode.Value : BigValueTextMode.ValueAndName)
      .orientation(VizOrientation.Auto)
      .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields(''))
      .colorScheme(byStep())
      .mappings(names ? [valueNames(names)] : [])
    if (spec.since) panel.timeFrom(spec.since)
    if (opens) {
      const { uid, choose } = opens
      const chosen = choose ? { [choose.name]: `\${__field.labels.instance}` } : {}
      panel.dataLinks([leadsTo({ uid, chosen }, `Open ${title}`, at)])
    }
    for (const [name, own] of Object.entries(stepsOf)) {
      panel.overrideByName(name, [{ id: 'thresholds', value: steps(base, own, shades).build() }])
    }
    return finish(panel, spec, at, sparkline ? overTime : now)
  }
  return { title, width, height, queries, build }
}

interface TextSpec extends Omit<Titled, 'description'> {
  readonly content: string
}

/** Words, as Markdown. */
export const text = ({ title, width = 24, height = 3, content }: TextSpec): Panel => ({
  title,
  width,
  height,
  queries: [],
  build: ({ id, gridPos }) =>
    new TextBuilder().id(id).gridPos(gridPos).title(title).mode(TextMode.Markdown).content(content).build(),
})

const finish = (panel: TimeseriesBuilder | StatBuilder, spec: Shown, { id, gridPos }: Placed, ask: typeof overTime) => {
  const { title, description, unit, queries, decimals, min, max } = spec
  if (queries.length === 0) throw new Error(`${title}: asks nothing: give it a query`)
  panel.id(id).gridPos(gridPos).title(title).description(description).datasource(dataSource)
  panel.unit(unitIds[unit]).noValue(emptyText(queries)).targets(queries.map(ask))
  if (decimals !== undefined) panel.decimals(decimals)
  if (min !== undefined) panel.min(min)
  if (max !== undefined) panel.max(max)
  return panel.build()
}
