import { parseDuration } from '../../duration.ts'
import { type Marked, readMarks } from './annotations.ts'
import { keepingFocus } from './dom.ts'
import { type GridView, gridView } from './grid.ts'
import { headView } from './head.ts'
import { forPeople, interpolate, type Lookup, lookupIn, rangeMacros } from './interpolate.ts'
import { listenToKeys } from './keys.ts'
import type { DashboardJson, Site } from './model.ts'
import { refresher } from './refresher.ts'
import type { Scene } from './scene.ts'
import { shortcuts } from './shortcuts.ts'
import { type Theme, themeOf } from './theme.ts'
import { readable, resolveRange, zoomOut } from './times.ts'
import { formatState, parseState, type UrlState } from './url-state.ts'
import { readVariables, tableOf, type Variable } from './variables.ts'
import { wear } from './wear.ts'

/** What changes while a dashboard is shown. */
interface Shown {
  site: Site
  dashboard: DashboardJson
  state: UrlState
  theme: Theme
  variables: readonly Variable[]
  marked: readonly Marked[]
  /** Variables are read before the panels, whose questions they change; those that failed once more, beside them. */
  reading: 'before' | 'beside' | 'no'
}

/** Waited on by whoever takes pictures, and by tests. */
const tell = (state: 'loading' | 'settled') => {
  document.documentElement.dataset.state = state
}

/** No faster than this, whatever an address says. */
const fastest = 1000

const pause = ({ refresh }: UrlState) => {
  const interval = parseDuration(refresh)
  return interval === undefined || interval === 0 ? undefined : Math.max(interval, fastest)
}

/** With every choice there is, whether the address says it or not, and a time that can be drawn. */
const wholeState = ({ state, variables }: Shown): UrlState => {
  const chosen = variables.filter(({ selected }) => selected.length > 0)
  const selections = Object.fromEntries(chosen.map(({ json, selected }) => [json.name, selected]))
  return { ...state, range: readable(state.range, Date.now()), variables: { ...state.variables, ...selections } }
}

const sceneOf = (shown: Shown, apply: (change: Partial<UrlState>) => void): Scene => {
  const { site, dashboard, state, theme, variables } = shown
  const range = resolveRange(state.range, Date.now())
  const macros = { ...rangeMacros(range), __dashboard: { values: [dashboard.title] } }
  const lookup: Lookup = lookupIn(tableOf(variables), macros)
  return {
    site,
    theme,
    state: wholeState(shown),
    range,
    lookup,
    sharedCrosshair: (dashboard.graphTooltip ?? 0) > 0,
    zoom: (next) => apply({ range: next }),
    zoomOut: () => apply({ range: zoomOut(resolveRange(state.range, Date.now()), Date.now()) }),
    focus: (panel) => apply({ panel }),
  }
}

/** True where another choice came of it. */
const readAll = async (shown: Shown, signal: AbortSignal): Promise<boolean> => {
  const { dashboard, state, variables: before } = shown
  const range = resolveRange(state.range, Date.now())
  const list = dashboard.templating?.list ?? []
  const read = await readVariables(list, {
    fromUrl: state.variables,
    before,
    macros: rangeMacros(range),
    range,
    signal,
  })
  signal.throwIfAborted()
  shown.variables = read
  shown.reading = read.some(({ fault }) => fault !== undefined) ? 'beside' : 'no'
  const choices = (variables: readonly Variable[]) => JSON.stringify(variables.map(({ selected }) => selected))
  return choices(read) !== choices(before)
}

/** Draws the head anew. A list that is open stays: whoever chooses is not to be disturbed by a refresh. */
const headDrawer = () => {
  let head: HTMLElement = document.createElement('div')
  return {
    element: () => head,
    draw: (fresh: () => HTMLElement, changed: boolean) => {
      if (head.querySelector('.popup') && !changed) return
      keepingFocus(
        () => head,
        () => {
          const next = fresh()
          head.replaceWith(next)
          head = next
        },
      )
    },
  }
}

/** Beside the panels, which do not wait for it: what is marked now is laid over them as soon as it is known. */
const markAll = async (shown: Shown, grid: GridView, scene: Scene, signal: AbortSignal) => {
  const marked = await readMarks(shown.dashboard, scene, signal)
  shown.marked = marked
  const marks = marked.flatMap((one) => one.marks)
  for (const view of grid.views()) view.mark(marks)
}

interface Round {
  readonly shown: Shown
  readonly grid: GridView
  readonly drawHead: (scene: Scene, changed: boolean) => void
  readonly scene: () => Scene
  /** Asks for one more round. */
  readonly again: () => void
}

const runRound = async ({ shown, grid, drawHead, scene, again }: Round, signal: AbortSignal): Promise<void> => {
  tell('loading')
  grid.focus(shown.state.panel)
  for (const { element } of grid.views()) element.classList.add('loading')
  const changed = shown.reading === 'before'
  if (changed) await readAll(shown, signal)
  const panels = scene()
  drawHead(panels, changed)
  const beside = !changed && shown.reading === 'beside' ? readAll(shown, signal) : Promise.resolve(false)
  const [other] = await Promise.all([
    beside,
    markAll(shown, grid, panels, signal),
    ...grid.views().map((view) => view.refresh(panels, signal)),
  ])
  drawHead(scene(), false)
  if (other) again()
}

export interface DashboardView {
  /** Draws another edition of it, of the same time and with the same choices. */
  renew(site: Site, dashboard: DashboardJson): void
}

const renewal = (shown: Shown, grid: GridView, take: (state: UrlState) => void): DashboardView => ({
  renew: (site, dashboard) => {
    Object.assign(shown, { site, dashboard })
    grid.renew(dashboard)
    document.title = titleOf(dashboard)
    take(parseState(`?${formatState(wholeState(shown))}`, dashboard))
  },
})

const titleOf = ({ title }: DashboardJson) => `${title} - preview`

/** Shows a dashboard, and keeps the address true to what is shown. */
export const showDashboard = (site: Site, dashboard: DashboardJson): DashboardView => {
  const state = parseState(location.search, dashboard)
  const theme = themeOf(state.theme ?? 'dark')
  const shown: Shown = { site, dashboard, state, theme, variables: [], marked: [], reading: 'before' }
  const scene = () => sceneOf(shown, apply)
  const words = (text: string) => interpolate(text, lookupIn(tableOf(shown.variables)), forPeople)
  const grid = gridView(dashboard, () => void rounds.run(), words)
  const head = headDrawer()
  const refresh = () => {
    shown.reading = 'before'
    void rounds.run()
  }
  const drawHead: Round['drawHead'] = (now, changed) =>
    head.draw(() => headView({ ...shown, asked: shown.state.range, scene: now, apply, refresh, showKeys }), changed)
  const rounds = refresher(
    (signal) => runRound({ shown, grid, drawHead, scene, again: () => queueMicrotask(refresh) }, signal),
    () => tell('settled'),
  )
  const take = (next: UrlState) => {
    if (next.theme !== shown.state.theme) {
      shown.theme = themeOf(next.theme ?? 'dark')
      wear(shown.theme, document.documentElement)
    }
    shown.state = next
    rounds.every(pause(next))
    refresh()
  }
  const apply = (change: Partial<UrlState>) => {
    take({ ...wholeState(shown), ...change })
    history.pushState(null, '', `?${formatState(shown.state)}`)
  }
  const showKeys = listenToKeys(shortcuts({ scene, apply, refresh, panels: grid.views }))
  addEventListener('popstate', () => take(parseState(location.search, shown.dashboard)))
  document.title = titleOf(dashboard)
  wear(theme, document.documentElement)
  document.body.replaceChildren(head.element(), grid.element)
  take(state)
  return renewal(shown, grid, take)
}
