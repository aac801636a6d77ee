import type { Foundation } from './foundation.ts'
import { laterOptions, type ServiceOptions } from './options.ts'

/** On the process and not in a module: `node --import` and the service may each load a copy of this package. */
const place = Symbol.for('techplus-observability.service')

interface Registered {
  readonly base: Foundation
  /** Whether a service has it. */
  taken: boolean
}
const registered = (): Registered | undefined => Reflect.get(globalThis, place)

export const registerFoundation = (base: Foundation | undefined) => {
  Reflect.set(globalThis, place, base && ({ base, taken: false } satisfies Registered))
}

const later: readonly string[] = laterOptions

/**
 * What `node --import` has instrumented already, for the one service of the process; undefined where it has not.
 * @throws Error naming an option that comes too late, or that there is a service
 */
export const takeFoundation = (given: ServiceOptions): Foundation | undefined => {
  const known = registered()
  if (!known) return undefined
  const late = Object.keys(given).filter((name) => !later.includes(name))
  if (late.length > 0) {
    const words = `${late.join(', ')} came too late: this process was instrumented by --import`
    throw new Error(`${words}, which takes it from the environment (METRICS_PORT, LOG_LEVEL, ...). Set it there`)
  }
  if (known.taken) {
    const words = 'createService was called before: a process that was instrumented by --import has one service'
    throw new Error(`${words}. Call it once, and use what it returns everywhere; or start the process without --import`)
  }
  known.taken = true
  return known.base
}
