import cluster from 'node:cluster'
import type { Kept } from '../../reading.ts'
import type { Health } from '../health/health.ts'
import type { Server } from '../http/servers.ts'
import type { Report } from '../instruments/faults.ts'
import type { Instruments } from '../instruments/instruments.ts'
import type { Settings } from '../options.ts'
import { answerPrimary, gatherWorkers } from './cluster.ts'
import { type MetricsServer, metricsServer } from './metrics-server.ts'

interface ServeOptions {
  readonly kept: Instruments
  readonly report: Report
  readonly warn: (words: string) => void
  readonly health: Health['answer']
  /** Whether the port is opened at once, or when `start` is called or a worker of a cluster is heard of. */
  readonly when?: 'now' | 'asked'
}

/** How the metrics of this process get to whoever scrapes. */
export interface Served {
  readings(): Promise<readonly Kept[]>
  isOurs(server: Server): boolean
  /** Opens the port, where that was not done yet. */
  start(): void
  /** The address of /metrics, once it is served; undefined where another process serves it, or none. */
  ready(): Promise<string | undefined>
  /** What this worker of a cluster counted is with its primary when it resolves. */
  farewell(): Promise<void>
  close(): Promise<void>
}

const noPrimary =
  'the primary process of this cluster gathers no metrics, so each worker serves its own: start the primary with this ' +
  'instrumentation too; under PM2 give each worker a METRICS_PORT by increment_var'

/** On a port of their own; of a cluster, its primary serves those of all workers as one. */
export const serve = ({ metrics }: Settings, options: ServeOptions): Served => {
  const { kept, report, warn, health, when = 'now' } = options
  const own = () => kept.readings()
  let server: MetricsServer | undefined
  let closed = false
  const listen = () => {
    if (metrics && !closed) server = metricsServer({ ...metrics, readings, health, report })
    return server?.ready()
  }
  const retire = async () => {
    const last = server
    server = undefined
    await last?.close()
  }
  const asWorker = async ({ asked, adopted }: ReturnType<typeof answerPrimary>) => {
    if (await asked) return undefined
    warn(noPrimary)
    // It was only busy.
    void adopted.then(retire)
    return listen()
  }
  let begin: (address: Promise<string | undefined>) => void = () => undefined
  const address = new Promise<string | undefined>((resolve) => {
    begin = resolve
  })
  // Whoever does not ask is told by the report.
  address.catch(() => undefined)
  const start = once(() => begin(primary ? asWorker(primary) : (listen() ?? Promise.resolve(undefined))))
  const primary = cluster.isWorker ? answerPrimary(own) : undefined
  const gathered = primary ? undefined : gatherWorkers(own, start)
  const readings = gathered?.readings ?? own
  if (when === 'now') start()
  return {
    readings,
    isOurs: (one) => one === server?.server,
    start,
    ready: () => address,
    farewell: async () => primary?.farewell(),
    close: async () => {
      closed = true
      gathered?.close()
      await primary?.farewell()
      await retire()
    },
  }
}

const once = (act: () => void) => {
  let done = false
  return () => {
    if (done) return
    // Before it acts: that a server of ours listens is heard, and begins it.
    done = true
    act()
  }
}
