import type * as Instrumentation from '@opentelemetry/instrumentation'
import type { Report } from '../instruments/faults.ts'
import type { ClientMetrics, Pool } from './client-metrics.ts'

/**
 * What the instrumentations do not tell: that of ioredis measures nothing, and that of pg counts the connections of all
 * pools in one sum, which is right for one pool only. It must stand before both: they unwrap what they find wrapped.
 */
export const clientWatch = (
  { InstrumentationBase, InstrumentationNodeModuleDefinition: Module }: typeof Instrumentation,
  metrics: ClientMetrics,
  report: Report,
): Instrumentation.Instrumentation => {
  class ClientWatch extends InstrumentationBase {
    protected override init() {
      const on = () => this.isEnabled()
      return [
        new Module('pg-pool', ['>=2.0.0 <4'], (exports: Exports<PoolMethods>) =>
          watchPools(exports, metrics, report, on),
        ),
        new Module('ioredis', ['>=4.0.0 <7'], (exports: Exports<RedisMethods>) =>
          timeCommands(exports, metrics, report, on),
        ),
      ]
    }
  }
  return new ClientWatch('techplus-client-watch', '1', {})
}

/** A class, as CommonJS gives it or as `import` does. */
interface Exports<Methods extends object> {
  readonly default?: { readonly prototype: Methods }
  readonly prototype: Methods
}
type On = () => boolean

/** Once: what is both imported and required comes here twice. */
const patched = new WeakSet<object>()
const prototypeOf = <Methods extends object>(exports: Exports<Methods>) => {
  const { prototype } = exports.default ?? exports
  if (patched.has(prototype)) return undefined
  patched.add(prototype)
  return prototype
}

interface PoolMethods {
  connect(this: Pool, ...rest: unknown[]): unknown
}

const watchPools = (exports: Exports<PoolMethods>, { watch }: ClientMetrics, report: Report, on: On) => {
  const prototype = prototypeOf(exports)
  if (!prototype) return exports
  const { connect } = prototype
  prototype.connect = function (this: Pool, ...rest) {
    if (on()) guarded(report, () => watch(this))
    return connect.apply(this, rest)
  }
  return exports
}

interface Redis {
  readonly options?: { readonly host?: string; readonly port?: number; readonly db?: number }
}
interface Command {
  readonly name: string
  resolve(result: unknown): void
  reject(error: unknown): void
}
interface RedisMethods {
  sendCommand(this: Redis, command: Command, ...rest: unknown[]): unknown
}

const timeCommands = (exports: Exports<RedisMethods>, metrics: ClientMetrics, report: Report, on: On) => {
  const prototype = prototypeOf(exports)
  if (!prototype) return exports
  const { sendCommand } = prototype
  // One that waits for the connection is sent again when there is one.
  const timed = new WeakSet<Command>()
  prototype.sendCommand = function (this: Redis, command, ...rest) {
    if (on() && !timed.has(command)) {
      timed.add(command)
      guarded(report, () => time(command, this.options, metrics, report))
    }
    return sendCommand.call(this, command, ...rest)
  }
  return exports
}

const time = (
  command: Command,
  { host, port, db }: Redis['options'] & {} = {},
  { record }: ClientMetrics,
  report: Report,
) => {
  const { resolve, reject } = command
  const start = performance.now()
  const end = (error?: unknown) =>
    guarded(report, () =>
      record((performance.now() - start) / 1000, {
        'db.system.name': 'redis',
        'db.namespace': db,
        'db.operation.name': command.name,
        'error.type': error === undefined ? '' : kindOf(error),
        'server.address': host,
        'server.port': port,
      }),
    )
  command.resolve = (result) => {
    end()
    resolve(result)
  }
  command.reject = (error) => {
    end(error)
    reject(error)
  }
}

/** Redis begins its errors with a word (WRONGTYPE, OOM); what follows may hold what was sent. */
const kindOf = (error: unknown) => {
  if (!(error instanceof Error)) return 'other'
  return /^[A-Z]+(?= )/.exec(error.message)?.[0] ?? error.name
}

const guarded = (report: Report, run: () => void) => {
  try {
    run()
  } catch (cause) {
    report('client metrics', cause)
  }
}
