import { type Lookup, lookupIn, rangeMacros } from './interpolate.ts'
import type { PanelJson, Site } from './model.ts'
import type { Theme } from './theme.ts'
import { ownRange, type RawRange, type TimeRange } from './times.ts'
import type { UrlState } from './url-state.ts'

/** What a panel draws by; a new one with every refresh. */
export interface Scene {
  readonly site: Site
  readonly theme: Theme
  readonly state: UrlState
  /** Resolved once a refresh, so that all panels show the same period. */
  readonly range: TimeRange
  /** Variables, and the macros of the period. */
  readonly lookup: Lookup
  readonly sharedCrosshair: boolean
  readonly zoom: (range: RawRange) => void
  readonly zoomOut: () => void
  /** Shows one panel alone, or all of them again. */
  readonly focus: (panel: number | undefined) => void
}

/** What a panel that has a period of its own draws by. */
export const sceneFor = ({ timeFrom }: PanelJson, scene: Scene, now: number): Scene => {
  const range = timeFrom && ownRange(timeFrom, scene.state.range, now)
  if (!range) return scene
  const macros = lookupIn(rangeMacros(range))
  return { ...scene, range, lookup: (name, path) => macros(name, path) ?? scene.lookup(name, path) }
}
