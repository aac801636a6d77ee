import { readFileSync } from 'node:fs'
import type { Job, Recorded } from './simulated.ts'

const read = (job: Job) => readFileSync(new URL(`recorded/${job}.txt`, import.meta.url), 'utf8')

/** What the demo's own targets served, four minutes after its start. */
export const recorded: Recorded = {
  postgres: read('postgres'),
  reservations: read('reservations'),
  redis: read('redis'),
  api: read('api'),
  probe: read('probe'),
}
