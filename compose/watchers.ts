import { join, resolve } from 'node:path'
import { type Env, type UrlVariable, variableNames } from '../config/env.ts'
import { at, type Sources, type StackOptions, type Start, together } from './component.ts'
import { startDashboards } from './dashboards.ts'
import { startNode } from './local/node.ts'
import { ensurePrograms } from './local/programs.ts'
import { startAlertmanager, startBlackboxExporter, startNodeExporter, startPrometheus } from './local/servers.ts'
import { isDemo, outageTolerance, retention, retentionSize, root } from './plan.ts'

/** The programs of others that watch. */
export const watching = ['prometheus', 'alertmanager', 'blackbox-exporter', 'node-exporter'] as const

/** By file what came by file: it is read again when it has changed. */
export const given = (env: Env, names: readonly UrlVariable[]): Sources =>
  Object.fromEntries(names.map((name) => (env.files[name] ? [`${name}_FILE`, env.files[name]] : [name, env[name]])))

/** `npm start` keeps our programs on loopback, and so leaves the certificate away. */
const plain = { EXPORTER_TLS_CERT: '', EXPORTER_TLS_KEY: '', EXPORTER_TLS_CLIENT_CA: '' }

const startExporter = ({ env, folder, signal }: StackOptions, sources: Sources) =>
  startNode({
    name: 'Exporter',
    entry: 'exporters/main.ts',
    home: join(folder, 'exporter'),
    ready: { port: env.EXPORTER_PORT },
    env: {
      ...sources,
      ...jobsPlace({ env, folder }),
      ...plain,
      EXPORTER_HOST: '127.0.0.1',
      EXPORTER_PORT: String(env.EXPORTER_PORT),
    },
    signal,
  })

const startIncidents = ({ env, folder, signal }: StackOptions) =>
  startNode({
    name: 'Incidents',
    entry: 'exporters/incidents/main.ts',
    home: join(folder, 'incidents'),
    ready: { port: env.INCIDENTS_PORT },
    env: {
      ...given(env, ['INCIDENTS_DATABASE_URL']),
      ...plain,
      INCIDENTS_HOST: '127.0.0.1',
      INCIDENTS_PORT: String(env.INCIDENTS_PORT),
      INCIDENTS_DIR: join(folder, 'incidents'),
      ALERTMANAGER_URL: at(env.ALERTMANAGER_PORT),
    },
    signal,
  })

/** Where the demo's jobs keep what is theirs: beside its servers. Those of anything real have the place that is set. */
const jobsPlace = ({ env, folder }: Pick<StackOptions, 'env' | 'folder'>) =>
  isDemo(env)
    ? { JOBS_DEMO: 'true', JOBS_DIR: join(folder, 'jobs', 'records'), BACKUP_DIR: join(folder, 'jobs', 'backups') }
    : { JOBS_DIR: resolve(root, env.JOBS_DIR) }

/** Places and keys that are meant for something real: the demo's jobs are to know nothing of them. */
const nobodys = Object.fromEntries(
  variableNames
    .filter((name) => /^(BACKUP|RESTORE|JOBS|AUDIT|REDIS_TLS)_|^API_DIR$|^POSTGRES_BIN$/.test(name))
    .flatMap((name) => [name, `${name}_FILE`])
    .map((name) => [name, '']),
)

/** Runs what config/jobs.ts switches on, when its time has come. */
const startJobs = ({ env, folder, signal }: StackOptions, sources: Sources) => {
  const place = jobsPlace({ env, folder })
  return startNode({
    name: 'Jobs',
    entry: 'jobs/main.ts',
    args: ['schedule'],
    home: join(folder, 'jobs', 'schedule'),
    ready: /the schedule of \d+ jobs runs/,
    // What is under way gets its own grace first.
    grace: 60_000,
    env: isDemo(env)
      ? { ...nobodys, ...sources, ...place, RESTORE_DIR: join(folder, 'jobs', 'restore') }
      : { ...sources, ...place },
    signal,
  })
}

/** Where its links lead to, where that is not this machine. */
const reachedAt = (url: string | undefined) => (url ? [`--web.external-url=${url}`] : [])

/** Who may read is given to the exporter alone, and who may change to the jobs. */
export interface GivenSources {
  readonly watched: Sources
  readonly jobs: Sources
}

/** What reads, judges and tells. Prometheus comes last: nothing is told before, so that those who are told are there. */
export const startWatchers = async (options: StackOptions, { watched, jobs }: GivenSources, start: Start) => {
  const { env, folder, say, signal } = options
  const programs = await ensurePrograms(watching, say)
  const config = join(folder, 'config')
  const common = (name: keyof typeof programs, port: number) => ({
    program: programs[name],
    dataDir: join(folder, name),
    port,
    signal,
  })
  await together([
    start([{ name: 'Dashboards', url: at(env.GRAFANA_PORT) }], () => startDashboards(options)),
    start([{ name: 'Exporter', url: at(env.EXPORTER_PORT) }], () => startExporter(options, watched)),
    start([{ name: 'Incidents', url: `${at(env.INCIDENTS_PORT)}/incidents` }], () => startIncidents(options)),
    start([{ name: 'Blackbox exporter', url: at(env.BLACKBOX_PORT) }], () =>
      startBlackboxExporter({
        ...common('blackbox-exporter', env.BLACKBOX_PORT),
        configFile: join(config, 'blackbox/blackbox.yml'),
      }),
    ),
    start([{ name: 'Node exporter', url: at(env.NODE_EXPORTER_PORT) }], () =>
      startNodeExporter(common('node-exporter', env.NODE_EXPORTER_PORT)),
    ),
    start([{ name: 'Alertmanager', url: at(env.ALERTMANAGER_PORT) }], () =>
      startAlertmanager({
        ...common('alertmanager', env.ALERTMANAGER_PORT),
        configFile: join(config, 'alertmanager/alertmanager.yml'),
        args: reachedAt(env.ALERTMANAGER_PUBLIC_URL),
      }),
    ),
  ])
  if (options.jobs !== false)
    await start([{ name: 'Jobs', url: jobsPlace({ env, folder }).JOBS_DIR }], () => startJobs(options, jobs))
  await start([{ name: 'Prometheus', url: at(env.PROMETHEUS_PORT) }], () =>
    startPrometheus({
      ...common('prometheus', env.PROMETHEUS_PORT),
      configFile: join(config, 'prometheus/prometheus.yml'),
      args: [
        `--storage.tsdb.retention.time=${retention}`,
        `--storage.tsdb.retention.size=${retentionSize}`,
        `--rules.alert.for-outage-tolerance=${outageTolerance}`,
        ...reachedAt(env.PROMETHEUS_PUBLIC_URL),
      ],
    }),
  )
}
