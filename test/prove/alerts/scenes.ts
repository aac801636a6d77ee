import type { Scene } from './provocation.ts'
import { redisScene } from './redis/scene.ts'

/** Every part of the system that alerts are provoked on; together they have every alert. */
export const scenes: readonly Scene[] = [redisScene]
