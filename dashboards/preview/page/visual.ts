import type { DataFrame } from './grafana.ts'
import type { Scene } from './scene.ts'

/** What draws the data of a panel. */
export interface Drawing {
  show(frames: readonly DataFrame[], scene: Scene): void
}
