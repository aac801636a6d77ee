import { join } from 'node:path'
import type { Env } from '../config/env.ts'
import { models } from '../dashboards/index.ts'
import { findGrafana, startGrafana } from './local/grafana.ts'
import { startNode } from './local/node.ts'
import type { Running } from './local/process.ts'
import { pathFolders } from './local/run.ts'

interface DashboardsOptions {
  readonly env: Env
  /** The configuration is in `config` below it. */
  readonly folder: string
  readonly say: (line: string) => void
  readonly signal: AbortSignal
  /** Where a Grafana is looked for. */
  readonly searched?: readonly string[]
}

/** Shows the dashboards: Grafana where it is installed, the preview where it is not. */
export const startDashboards = (options: DashboardsOptions): Promise<Running> => {
  const { env, folder, say, signal, searched = pathFolders() } = options
  const port = env.GRAFANA_PORT
  const grafana = findGrafana(searched)
  if (grafana) {
    const [first] = models
    const configDir = join(folder, 'config/grafana')
    const dataDir = join(folder, 'grafana')
    const publicUrl = env.GRAFANA_PUBLIC_URL
    return startGrafana({ ...grafana, configDir, dataDir, port, publicUrl, signal, first: first?.uid })
  }
  say('Grafana is not installed: the preview draws the dashboards')
  const asked = { GRAFANA_PORT: String(port), PROMETHEUS_URL: `http://127.0.0.1:${env.PROMETHEUS_PORT}` }
  return startNode({
    name: 'Preview',
    entry: 'compose/preview.ts',
    home: join(folder, 'preview'),
    ready: { port },
    env: asked,
    signal,
  })
}
