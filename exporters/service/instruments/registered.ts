import type { Kept } from '../../reading.ts'
import { familiesInText } from './text-families.ts'

/** What prom-client calls a registry. */
export interface PrintedRegistry {
  metrics(): Promise<string> | string
}

/** The metrics of another registry, served as they are. */
export const registrySource = (registry: PrintedRegistry) => async (): Promise<readonly Kept[]> =>
  familiesInText(await registry.metrics())
