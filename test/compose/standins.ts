import { images } from '../../compose/images.ts'
import { grafanaStart, postgresStart } from './standin-scripts.ts'

/** What an image is made of where no registry can be asked: programs of Debian's packages, in the places of the image's own. */
export interface StandIn {
  readonly image: string
  readonly suite: 'trixie' | 'sid'
  /** Libraries follow by themselves. */
  readonly packages: readonly string[]
  /** Of what is unpacked, where not all of it belongs into the image. */
  readonly only?: readonly string[]
  /** Texts of ours, by their paths; they may be executed. */
  readonly files?: Readonly<Record<string, string>>
  /** From the path to where it leads. */
  readonly links?: Readonly<Record<string, string>>
  readonly users?: Readonly<Record<string, number>>
  /** Folders that somebody else than root writes into. */
  readonly folders?: Readonly<Record<string, number>>
  /** Folders that everybody writes into. */
  readonly shared?: readonly string[]
  /** Node and npm come from npm's packages. */
  readonly node?: true
  /** As a Dockerfile says it. */
  readonly settings: readonly string[]
  /** What tells the version that really runs. */
  readonly version: readonly string[]
}

const base = ['base-files', 'base-passwd', 'bash', 'dash', 'coreutils', 'sed', 'grep', 'findutils', 'libc6']
const paths = (...more: readonly string[]) => `ENV PATH=${[...more, '/usr/local/bin:/usr/sbin:/usr/bin'].join(':')}`

/** A program in Go as prom/* has it: with busybox, and nothing else. All of them are fetched together. */
const goPackages = [
  'busybox-static',
  'tzdata',
  ...['prometheus', 'prometheus-alertmanager', 'prometheus-blackbox-exporter', 'prometheus-node-exporter'],
]
interface GoProgram {
  readonly name: string
  readonly from: string
  readonly data?: string
}
const goProgram = (image: string, { name, from, data }: GoProgram): StandIn => ({
  image,
  suite: 'sid',
  packages: goPackages,
  only: ['usr/bin/busybox', `usr/bin/${from}`, 'usr/lib', 'usr/lib64', 'usr/share/prometheus', 'usr/share/zoneinfo'],
  links: { ...busybox, ...(name !== from && { [`usr/bin/${name}`]: from }) },
  users: { nobody: 65_534 },
  ...(data && { folders: { [data]: 65_534 } }),
  settings: [paths(), `ENTRYPOINT ["/bin/${name}"]`, 'USER nobody', ...(data ? [`VOLUME /${data}`] : [])],
  version: [`/bin/${name}`, '--version'],
})
const busybox = {
  bin: 'usr/bin',
  lib: 'usr/lib',
  lib64: 'usr/lib64',
  'usr/bin/sh': 'busybox',
  'usr/bin/wget': 'busybox',
  'usr/bin/cat': 'busybox',
}

/** Every image of the table. */
export const standIns: readonly StandIn[] = [
  {
    image: images.node,
    suite: 'trixie',
    packages: [...base, 'libstdc++6'],
    node: true,
    users: { node: 1_000 },
    settings: [paths(), 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt', 'CMD ["node"]'],
    version: ['node', '--version'],
  },
  {
    image: images.postgres,
    suite: 'trixie',
    packages: [...base, 'postgresql-17', 'postgresql-client-17'],
    files: { 'usr/local/bin/docker-entrypoint.sh': postgresStart },
    links: { 'usr/local/bin/docker-ensure-initdb.sh': 'docker-entrypoint.sh' },
    users: { postgres: 999 },
    folders: { 'var/lib/postgresql': 999, 'var/lib/postgresql/data': 999 },
    shared: ['var/run/postgresql'],
    settings: [
      paths('/usr/lib/postgresql/17/bin'),
      'ENV PGDATA=/var/lib/postgresql/data',
      'ENV LANG=C.UTF-8',
      'ENTRYPOINT ["docker-entrypoint.sh"]',
      'CMD ["postgres"]',
      'VOLUME /var/lib/postgresql/data',
    ],
    version: ['postgres', '--version'],
  },
  {
    image: images.redis,
    suite: 'trixie',
    packages: [...base, 'redis-server', 'redis-tools'],
    users: { redis: 999 },
    folders: { data: 999 },
    settings: [paths(), 'WORKDIR /data', 'VOLUME /data', 'CMD ["redis-server"]'],
    version: ['redis-server', '--version'],
  },
  goProgram(images.prometheus, { name: 'prometheus', from: 'prometheus', data: 'prometheus' }),
  goProgram(images.alertmanager, { name: 'alertmanager', from: 'prometheus-alertmanager', data: 'alertmanager' }),
  goProgram(images.blackbox, { name: 'blackbox_exporter', from: 'prometheus-blackbox-exporter' }),
  goProgram(images.nodeExporter, { name: 'node_exporter', from: 'prometheus-node-exporter' }),
  {
    // There is no package of Grafana. What is shown is that the file starts it: nothing of Grafana's own.
    image: images.grafana,
    suite: 'sid',
    packages: goPackages,
    only: ['usr/bin/busybox'],
    files: { 'run.sh': grafanaStart, 'srv/api/health': '{"standIn":true}\n' },
    links: busybox,
    users: { grafana: 472 },
    folders: { 'var/lib/grafana': 472 },
    settings: [paths(), 'ENTRYPOINT ["/run.sh"]', 'USER grafana'],
    version: ['busybox', 'echo', 'a server of one file'],
  },
]
