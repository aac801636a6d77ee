import { httpScene } from './http/scene.ts'
import { jobsScene } from './jobs/scene.ts'
import { postgresSessionsScene } from './postgres-sessions/scene.ts'
import { postgresStorageScene } from './postgres-storage/scene.ts'
import { probeScene } from './probe/scene.ts'
import { promisesScene } from './promises/scene.ts'
import type { Scene } from './provocation.ts'
import { redisScene } from './redis/scene.ts'
import { reservationsScene } from './reservations/scene.ts'
import { securityScene } from './security/scene.ts'
import { serviceScene } from './service/scene.ts'
import { stackScene } from './stack/scene.ts'

/** Every part of the system that alerts are provoked on; together they have every alert. The longest first. */
export const scenes: readonly Scene[] = [
  promisesScene,
  reservationsScene,
  postgresStorageScene,
  httpScene,
  serviceScene,
  jobsScene,
  redisScene,
  postgresSessionsScene,
  probeScene,
  securityScene,
  stackScene,
]
