import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  type Dashboard as DashboardJson,
  DashboardLinkBuilder,
  DashboardLinkPlacement,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  TimePickerBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { scrapeInterval } from '../config/targets.ts'
import { colours, type Meaning } from './colour.ts'
import { dataSource, type Panel, type Placed, refIdOf, sourceChoice } from './field.ts'
import type { Query } from './query.ts'
import type { Variable } from './variable.ts'

export type { DashboardJson }

/** Panels that answer one question together. */
export interface Row {
  /** The question. */
  readonly title: string
  readonly panels: readonly Panel[]
}

export interface DashboardSpec {
  /** The last part of its address. It never changes: links and bookmarks hold it. */
  readonly uid: `techplus-${string}`
  readonly title: string
  /** What it is for, and when to open it. */
  readonly description: string
  /** The choices in its head, of those in `variables.ts`. */
  readonly variables?: readonly Variable[]
  readonly rows: readonly Row[]
  /** Left out of the links in every head: others lead there. */
  readonly aside?: boolean
  /** How far back it looks at first. */
  readonly from?: `now-${number}${'m' | 'h' | 'd'}`
}

/** What is marked on every chart: what happened explains what is seen behind it. */
export interface Mark {
  readonly title: string
  /** Its values are the moments, in milliseconds of Unix time; those of what lasts are above 0 for as long as it does. */
  readonly query: Query
  readonly lasts?: boolean
  /** What stands beside the mark: labels in double braces. */
  readonly says: string
  /** Labels that only some of its series have: what they say follows. */
  readonly tags?: readonly string[]
  readonly is: Meaning
}

/** A query that a dashboard makes, and why it may find nothing. */
export interface Asked {
  readonly panel: string
  readonly refId: string
  readonly expr: string
  readonly legend: string
  readonly emptyWhen?: string
}

export interface Dashboard {
  readonly uid: string
  readonly title: string
  /** As Grafana takes it from a file: the classic schema. */
  readonly json: DashboardJson
  readonly asked: readonly Asked[]
}

/**
 * The number of a panel, for whoever links to it.
 * @throws Error where the dashboard has no panel of this title
 */
export const panelIdOf = ({ uid, json }: Dashboard, title: string): number => {
  const found = json.panels?.find((panel) => panel.type !== 'row' && panel.title === title)
  if (found?.id === undefined) throw new Error(`${uid} has no panel ${title}`)
  return found.id
}

/** On dashboards of ours, so that they find each other, and on those that stand aside. */
const tag = 'techplus'
const asideTag = 'techplus-aside'
const columns = 24

export const row = (title: string, panels: readonly Panel[]): Row => ({ title, panels })

/**
 * A dashboard as it stands in Grafana. Nobody edits it there: it is generated.
 * @param carried choices that it does not show and has all the same, so that links carry them along
 * @param marks what is marked on its charts
 * @param leads dashboards that its head leads to besides all that are not aside
 */
export const model = (
  spec: DashboardSpec,
  carried: readonly Variable[] = [],
  marks: readonly Mark[] = [],
  leads: readonly Pick<Dashboard, 'uid' | 'title'>[] = [],
): Dashboard => {
  const { uid, title, description, variables = [], rows, aside = false, from = 'now-1h' } = spec
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([aside ? asideTag : tag])
    .readonly()
    .timezone('browser')
    .time({ from, to: 'now' })
    .timepicker(new TimePickerBuilder().refreshIntervals([scrapeInterval, '30s', '1m', '5m', '15m', '1h']))
    .refresh(scrapeInterval)
    .tooltip(DashboardCursorSync.Crosshair)
    .link(carrying(new DashboardLinkBuilder('TechPlus').type(DashboardLinkType.Dashboards).tags([tag])))
    .withVariable(new DatasourceVariableBuilder(sourceChoice).label('Data source').type('prometheus'))
  const hidden = carried.filter((variable) => !variables.includes(variable))
  for (const variable of variables) builder.withVariable(queryVariable(variable))
  for (const variable of hidden) builder.withVariable(queryVariable(variable).hide(VariableHide.HideVariable))
  for (const mark of marks) builder.annotation(annotation(mark))
  for (const lead of leads) {
    builder.link(carrying(new DashboardLinkBuilder(lead.title).type(DashboardLinkType.Link).url(`/d/${lead.uid}`)))
  }
  const choices = [sourceChoice, ...[...variables, ...hidden].map(({ name }) => name)]
  for (const { title: question, panels, y, id } of placed(uid, rows)) {
    builder.withRow(new RowBuilder(question).id(id).gridPos({ x: 0, y, w: columns, h: 1 }))
    for (const { build, at } of panels) builder.withPanel({ build: () => build({ ...at, choices }) })
  }
  const json: DashboardJson = JSON.parse(JSON.stringify(builder.build()), withoutDefaults)
  return Object.freeze({ uid, title, json, asked: rows.flatMap(({ panels }) => panels.flatMap(askedBy)) })
}

/** The same dashboard, each panel with a link to its page elsewhere, where there is one. */
export const withPages = <Json extends DashboardJson>(
  json: Json,
  title: string,
  pageOf: (panel: string) => string | undefined,
): Json => {
  const linked = (json.panels ?? []).map((panel) => {
    const url = panel.type === 'row' ? undefined : pageOf(panel.title ?? '')
    if (url === undefined) return panel
    const link = new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url).targetBlank(true)
    return { ...panel, links: [link.build()] }
  })
  return JSON.parse(JSON.stringify({ ...json, panels: linked }, withoutDefaults))
}

/** A link by which the range of time and the choices are kept. */
const carrying = (link: DashboardLinkBuilder) => link.keepTime(true).includeVars(true)

/** The builders write what another kind of variable or link would say, and a default that hides every link in a menu. */
const foreignDefaults = new Set(['auto', 'auto_min', 'auto_count'])
const withoutDefaults = (key: string, value: unknown) => {
  const isDefault = key === 'placement' ? value === DashboardLinkPlacement.InControlsMenu : foreignDefaults.has(key)
  return isDefault ? undefined : value
}

const askedBy = ({ title, queries }: Panel): readonly Asked[] =>
  queries.map(({ expr, legend, emptyWhen }, place) => ({
    panel: title,
    refId: refIdOf(place),
    expr,
    legend,
    ...(emptyWhen && { emptyWhen }),
  }))

const annotation = ({ title, query: { expr }, lasts = false, says, tags = [], is }: Mark) => {
  const made = new AnnotationQueryBuilder()
    .name(title)
    .datasource(dataSource)
    .enable(true)
    .hide(false)
    .iconColor(colours[is])
    .expr(expr)
    .useValueForTime(!lasts)
    .titleFormat(title)
    .textFormat(says)
  return tags.length > 0 ? made.tagKeys(tags.join(',')) : made
}

const queryVariable = ({ name, label, query, many }: Variable) => {
  const builder = new QueryVariableBuilder(name)
    .label(label)
    .datasource(dataSource)
    .query({ query, refId: name })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(many)
    .includeAll(many)
  return many ? builder.allValue('.*').current({ text: ['All'], value: ['$__all'] }) : builder
}

interface PlacedRow {
  readonly id: number
  readonly title: string
  readonly y: number
  readonly panels: readonly (Pick<Panel, 'build'> & { readonly at: Omit<Placed, 'choices'> })[]
}

/** Panels side by side, from the left, in lines as high as their highest. */
const placed = (uid: string, rows: readonly Row[]): readonly PlacedRow[] => {
  const taken = new Map<number, string>()
  const idOf = (name: string) => {
    const id = numberOf(name)
    const other = taken.get(id)
    if (other !== undefined) {
      throw new Error(`${uid}: "${name}" and "${other}" get the same panel id: change the title of one`)
    }
    taken.set(id, name)
    return id
  }
  let y = 0
  return rows.map((one) => {
    const start = y
    let [x, line] = [0, 0]
    y += 1
    const panels = one.panels.map(({ title, width, height, build }) => {
      if (width > columns) throw new Error(`${uid}: "${title}" is ${width} columns wide, of ${columns}`)
      if (x + width > columns) {
        y += line
        ;[x, line] = [0, 0]
      }
      const at = { id: idOf(`${one.title} / ${title}`), gridPos: { x, y, w: width, h: height } }
      x += width
      line = Math.max(line, height)
      return { build, at }
    })
    y += line
    return { id: idOf(one.title), title: one.title, y: start, panels }
  })
}

/** From the title (FNV-1a), so that a panel keeps its number, and links to it their aim, when others come and go. */
const numberOf = (name: string): number => {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return (hash % 999_983) + 1
}
