import cluster from 'node:cluster'
import type { Kept } from '../../reading.ts'
import type { Health } from '../health/health.ts'
import type { Server } from '../http/watch.ts'
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
}

/** How the metrics of this process get to whoever scrapes. */
export interface Served {
  readings(): Promise<readonly Kept[]>
  isOurs(server: Server): boolean
  ready(): Promise<string | undefined>
  /** What this worker of a cluster counted is with its primary when it resolves. */
  farewell(): Promise<void>
  close(): Promise<void>
}

/** On a port of their own; of a cluster, its primary serves those of all workers as one. */
export const serve = ({ metrics }: Settings, { kept, report, warn, health }: ServeOptions): Served => {
  const own = () => kept.readings()
  const primary = cluster.isWorker ? answerPrimary(own) : undefined
  const gathered = primary ? undefined : gatherWorkers(own)
  const readings = gathered?.readings ?? own
  let server: MetricsServer | undefined
  let closed = false
  const listen = () => {
    if (metrics && !closed) server = metricsServer({ ...metrics, readings, health, report })
    return server?.ready()
  }
  const listenAlone = async (asked: boolean) => {
    if (asked) return undefined
    warn(
      'the primary process of this cluster gathers no metrics, so each worker serves its own: start the primary with this ' +
        'instrumentation too; under PM2 give each worker a METRICS_PORT by increment_var',
    )
    return listen()
  }
  const ready = primary ? primary.asked.then(listenAlone) : listen()
  // Whoever does not ask is told by the report.
  ready?.catch(() => undefined)
  return {
    readings,
    isOurs: (one) => one === server?.server,
    ready: async () => ready,
    farewell: async () => primary?.farewell(),
    close: async () => {
      closed = true
      gathered?.close()
      await primary?.farewell()
      await server?.close()
    },
  }
}
