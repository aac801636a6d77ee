import type { Mark } from './annotations.ts'
import type { Exemplar } from './exemplars.ts'
import type { DataFrame } from './grafana.ts'
import type { Scene } from './scene.ts'

/** What draws the data of a panel. */
export interface Drawing {
  show(frames: readonly DataFrame[], scene: Scene, exemplars: readonly Exemplar[]): void
  /** Marks the same moments as all others do; what has no time has no place for them. */
  mark?(marks: readonly Mark[]): void
  /** Lets go of what would outlive it; it is drawn no more. */
  destroy?(): void
}
