import { type Target, targets } from '../../config/targets.ts'
import type { Deployment } from '../deployment.ts'
import { images } from '../images.ts'
import { blackboxConfig } from '../prometheus.ts'
import { dataMap, type Manifest, named } from './manifest.ts'
import { exporterImage, keyOf, programs, secrets, tokenKey } from './names.ts'
import {
  configMount,
  deployment,
  disruptionBudget,
  networkPolicy,
  secretMount,
  service,
  type Workload,
} from './workload.ts'

/** Which server a kind is, by the port it listens on unless told otherwise. */
const serverPorts = { postgres: 5432, reservations: 5432, redis: 6379 } as const

const tokenMount = secretMount('token', secrets.token, '/run/secrets/token')
const guarded = { EXPORTER_TOKEN_FILE: `${tokenMount.path}/${tokenKey}` }
const sourcesMount = secretMount('sources', secrets.sources, '/run/secrets/sources')

/** Where docker-compose.targets.yml mounts them too, so that a URL is the same. Most need none. */
const tlsMount = secretMount('tls', secrets.tls, '/run/given/tls', { optional: true })

const watched = Object.values<Target>(targets)

const exporter: Workload = {
  name: programs.exporter,
  image: exporterImage,
  args: ['dist/exporters/main.js'],
  env: {
    EXPORTER_HOST: '0.0.0.0',
    ...guarded,
    ...Object.fromEntries(watched.map(({ url }) => [`${url}_FILE`, `${sourcesMount.path}/${keyOf(url)}`])),
  },
  user: 1000,
  health: '/health',
  mounts: [tokenMount, sourcesMount, tlsMount],
  memory: { request: '128Mi', limit: '384Mi' },
}

export const exporterFile = (): readonly Manifest[] => [
  deployment(exporter),
  service(exporter.name),
  disruptionBudget(exporter.name),
  networkPolicy(exporter.name, {
    askedBy: ['prometheus'],
    asks: watched.flatMap(({ kinds }) => kinds.map((kind) => serverPorts[kind])),
  }),
]

/** Its records: the claim outlives the pod, and is worth a backup. */
const claim = 'techplus-incidents'
const records = '/var/lib/techplus'

const incidents = ({ alertmanager }: Deployment): Workload => ({
  name: programs.incidents,
  image: exporterImage,
  args: ['dist/exporters/incidents/main.js'],
  env: {
    INCIDENTS_HOST: '0.0.0.0',
    // A folder in the volume, which the recorder makes for itself and shuts to others.
    INCIDENTS_DIR: `${records}/incidents`,
    ALERTMANAGER_URL: `http://${alertmanager}`,
    ...guarded,
  },
  user: 1000,
  health: '/health',
  mounts: [
    tokenMount,
    { name: 'records', path: records, from: { persistentVolumeClaim: { claimName: claim } }, writable: true },
  ],
  memory: { request: '96Mi', limit: '256Mi' },
})

const portOf = (address: string) => Number(address.replace(/^.*:/, ''))

export const incidentsFile = (cluster: Deployment): readonly Manifest[] => [
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: named(claim),
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
  deployment(incidents(cluster)),
  service(programs.incidents),
  disruptionBudget(programs.incidents),
  networkPolicy(programs.incidents, {
    askedBy: ['prometheus', 'alertmanager'],
    asks: [portOf(cluster.alertmanager)],
  }),
]

const blackboxFolder = '/etc/blackbox_exporter'

const blackboxMap = dataMap(programs.blackbox, { 'blackbox.yml': blackboxConfig() })

const blackbox: Workload = {
  name: programs.blackbox,
  image: images.blackbox,
  args: [`--config.file=${blackboxFolder}/blackbox.yml`],
  env: {},
  user: 65534,
  health: '/-/healthy',
  mounts: [configMount('config', blackboxMap, blackboxFolder)],
  memory: { request: '32Mi', limit: '64Mi' },
}

/** The port of a URL, also where it is the usual one. */
const urlPort = (url: string): number => {
  const { port, protocol } = new URL(url)
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
}

export const blackboxFile = ({ api = '' }: Deployment): readonly Manifest[] => [
  blackboxMap,
  deployment(blackbox),
  service(blackbox.name),
  disruptionBudget(blackbox.name),
  networkPolicy(blackbox.name, { askedBy: ['prometheus'], asks: [urlPort(api)] }),
]
