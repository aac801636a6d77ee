import type { Lookup } from './interpolate.ts'
import type { Site } from './model.ts'
import type { Theme } from './theme.ts'
import type { RawRange, TimeRange } from './times.ts'
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
