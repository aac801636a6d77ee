import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lasting, type Stand, standWith, unwell } from './stand.ts'

/** Never well, and that at once. */
const broken = (service: string) => `services:
  ${service}:
    healthcheck: { test: [CMD, /there-is-no-such-check], interval: 1s, timeout: 1s, retries: 1, start_period: 0s }
    restart: 'no'
`

/** Breaks the health check of each service by itself, which a start has to say. */
export const breakEach = async (stand: Stand, folder: string, say: (line: string) => void): Promise<string> => {
  const missed: string[] = []
  for (const service of lasting) {
    const file = join(folder, `broken-${service}.yml`)
    writeFileSync(file, broken(service))
    const there = standWith(stand, { COMPOSE_FILE: `docker-compose.yml:${file}` })
    const { code } = await there.attempt(['compose', 'up', '--detach', '--wait', '--no-deps', '--no-build', service])
    const seen = unwell(await there.containers()).includes(`${service} is unhealthy`)
    if (code === 0 || !seen) missed.push(service)
    else say(`the broken check of ${service} ended the start`)
  }
  if (missed.length > 0) throw new Error(`the broken health check of ${missed.join(', ')} was not noticed`)
  return `${lasting.length} checks broken, one at a time: each start ended, and named its service`
}
