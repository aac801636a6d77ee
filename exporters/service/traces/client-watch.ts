import type * as Instrumentation from '@opentelemetry/instrumentation'
import type { Report } from '../instruments/faults.ts'
import type { ClientMetrics } from './client-metrics.ts'

/**
 * What the instrumentations do not tell: that of ioredis measures nothing. It must stand before that one, which unwraps
 * what it finds wrapped.
 */
export const clientWatch = (
  { InstrumentationBase, InstrumentationNodeModuleDefinition: Module }: typeof Instrumentation,
  metrics: ClientMetrics,
  report: Report,
): Instrumentation.Instrumentation => {
  class ClientWatch extends InstrumentationBase {
    protected override init() {
      const on = () => this.isEnabled()
      return new Module('ioredis', ['>=4.0.0 <7'], (exports: Exports) => timeCommands(exports, metrics, report, on))
    }
  }
  return new ClientWatch('techplus-client-watch', '1', {})
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
/** A class, as CommonJS gives it or as `import` does. */
interface Exports {
  readonly default?: { readonly prototype: RedisMethods }
  readonly prototype: RedisMethods
}

/** What is both imported and required comes here twice. */
const patched = new WeakSet<object>()

const timeCommands = (exports: Exports, metrics: ClientMetrics, report: Report, on: () => boolean) => {
  const { prototype } = exports.default ?? exports
  if (patched.has(prototype)) return exports
  patched.add(prototype)
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
