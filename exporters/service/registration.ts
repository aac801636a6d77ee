import type { Foundation } from './foundation.ts'
import { laterOptions, type ServiceOptions } from './options.ts'

/** On the process and not in a module: `node --import` and the service may each load a copy of this package. */
const place = Symbol.for('techplus-observability.service')

export const registerFoundation = (base: Foundation | undefined) => {
  Reflect.set(globalThis, place, base)
}

const later: readonly string[] = laterOptions

/**
 * What `node --import` has instrumented already; undefined where it has not.
 * @throws Error naming an option that comes too late
 */
export const registeredFoundation = (given: ServiceOptions): Foundation | undefined => {
  const base: Foundation | undefined = Reflect.get(globalThis, place)
  const late = Object.keys(given).filter((name) => !later.includes(name))
  if (!base || late.length === 0) return base
  const words = `${late.join(', ')} came too late: this process was instrumented by --import`
  throw new Error(`${words}, which takes it from the environment (METRICS_PORT, LOG_LEVEL, ...). Set it there`)
}
