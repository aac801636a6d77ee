import { type ImageName, versionOf } from '../images.ts'

/** Where a program comes from, and how it is called there. */
export interface Source {
  /** Under any of these names, the usual one first. */
  readonly binaries: readonly string[]
  /** Folders besides PATH, and besides /usr/bin of a package. */
  readonly folders?: readonly string[]
  /** Debian packages; those a suite does not have are left out. Libraries follow by themselves. */
  readonly packages: readonly string[]
  /** Debian's suite that has this version; another suite's programs run with their own libc. */
  readonly suite?: string
  /** Homebrew's formula, where it has one. */
  readonly brew?: string
  /** Of github.com/prometheus, for systems without packages of it: `alertmanager 0.34.0`. */
  readonly release?: string
  /** Bytes that fetching it takes, where a server takes less. */
  readonly room?: number
  /** What its version has to begin with. */
  readonly version?: string
  /** What it is asked for its version by, where that is not `--version`. */
  readonly asked?: string
  /** Its version where it does not tell: the only one that there is. */
  readonly silent?: string
  /** A file below /usr/share that Debian's build reads from there, and whether it can do without. */
  readonly shared?: { readonly file: string; readonly needed: boolean }
}

const postgresClient = (binary: string, major: number) => ({
  binaries: [binary],
  folders: [`/usr/lib/postgresql/${major}/bin`, `/opt/homebrew/opt/postgresql@${major}/bin`],
  packages: [`postgresql-client-${major}`],
  brew: `postgresql@${major}`,
  version: `${major}.`,
})

/** A server of one release, for tests. The program itself is in the package of its tools. */
const cacheServer = (kind: 'redis' | 'valkey', version: string, suite: string, ...packages: readonly string[]) => ({
  binaries: [`${kind}-server`],
  packages: [`${kind}-server`, `${kind}-tools`, ...packages],
  version,
  suite,
})

/** The same release as in containers. */
const release = (program: string, image: ImageName) => `${program} ${versionOf(image)}`

const prometheus = { brew: 'prometheus', release: release('prometheus', 'prometheus') }
const alertmanager = { packages: ['prometheus-alertmanager'], release: release('alertmanager', 'alertmanager') }
const alertmanagerServer = {
  binaries: ['alertmanager', 'prometheus-alertmanager'],
  shared: { file: 'prometheus/alertmanager/default.tmpl', needed: true },
} as const

const victoriaMetrics = { packages: ['victoria-metrics'], suite: 'bookworm', silent: '1.79.5' }
const enginePackages = ['docker.io', 'docker-cli', 'containerd', 'runc', 'iptables', 'iproute2', 'tini', 'procps']

export const programTable = {
  'redis-server': { binaries: ['redis-server', 'valkey-server'], packages: ['redis-server'], brew: 'redis' },
  'redis-6': cacheServer('redis', '6.', 'bullseye'),
  'redis-7': cacheServer('redis', '7.', 'bookworm'),
  // These two come together, with one libc.
  'redis-8': cacheServer('redis', '8.', 'trixie', 'valkey-server', 'valkey-tools'),
  'valkey-8': cacheServer('valkey', '8.', 'trixie', 'redis-server', 'redis-tools'),
  prometheus: {
    ...prometheus,
    binaries: ['prometheus'],
    packages: ['prometheus'],
    shared: { file: 'prometheus/web/static/js/graph/index.js', needed: false },
  },
  promtool: { ...prometheus, binaries: ['promtool'], packages: ['prometheus', 'promtool'] },
  // For tests: what images run is of this major. Debian's own is older.
  'promtool-3': { binaries: ['promtool'], packages: ['promtool'], version: '3.', suite: 'sid' },
  'prometheus-3': { binaries: ['prometheus'], packages: ['prometheus'], version: '3.', suite: 'sid' },
  alertmanager: { ...alertmanager, ...alertmanagerServer },
  amtool: { ...alertmanager, binaries: ['amtool'] },
  // The same: images run 0.3x.
  'alertmanager-0.3': { ...alertmanagerServer, packages: alertmanager.packages, version: '0.3', suite: 'sid' },
  'amtool-0.3': { binaries: ['amtool'], packages: alertmanager.packages, version: '0.3', suite: 'sid' },
  'blackbox-exporter': {
    binaries: ['blackbox_exporter', 'prometheus-blackbox-exporter'],
    packages: ['prometheus-blackbox-exporter'],
    release: release('blackbox_exporter', 'blackbox'),
  },
  'node-exporter': {
    binaries: ['node_exporter', 'prometheus-node-exporter'],
    packages: ['prometheus-node-exporter'],
    brew: 'node_exporter',
    release: release('node_exporter', 'nodeExporter'),
  },
  chromium: {
    binaries: [
      'chromium',
      'chromium-browser',
      'google-chrome',
      'google-chrome-stable',
      'chromium-headless-shell',
      'chrome-headless-shell',
      'Google Chrome',
      'Chromium',
    ],
    folders: [
      // The program itself: what stands in /usr/bin of the package looks for it there, unpacked or not.
      '/usr/lib/chromium',
      '/Applications/Google Chrome.app/Contents/MacOS',
      '/Applications/Chromium.app/Contents/MacOS',
    ],
    packages: ['chromium-headless-shell'],
    // Itself, its libraries, and their packages beside them while they are unpacked.
    room: 1024 ** 3,
    brew: 'google-chrome',
  },
  logrotate: { binaries: ['logrotate'], folders: ['/usr/sbin'], packages: ['logrotate'], brew: 'logrotate' },
  // For tests: it looks at unit files, with no systemd running.
  'systemd-analyze': { binaries: ['systemd-analyze'], packages: ['systemd'] },
  // For tests: whoever has the key opens a backup with it.
  age: { binaries: ['age'], packages: ['age'], brew: 'age' },
  // For tests: another store that takes what is written remotely. Debian's builds do not know their version.
  'victoria-metrics': { ...victoriaMetrics, binaries: ['victoria-metrics'] },
  vmalert: { ...victoriaMetrics, binaries: ['vmalert'] },
  // For tests: what stands before Mimir. Debian's own does not look for its upstreams again.
  nginx: { binaries: ['nginx'], folders: ['/usr/sbin'], packages: ['nginx'], suite: 'sid', version: '1.', asked: '-v' },
  // For the proof of the containers, where no engine runs: one of our own, and what that starts.
  docker: { binaries: ['docker'], packages: enginePackages },
  dockerd: { binaries: ['dockerd'], folders: ['/usr/sbin'], packages: enginePackages },
  containerd: { binaries: ['containerd'], packages: enginePackages },
  runc: { binaries: ['runc'], folders: ['/usr/sbin'], packages: enginePackages },
  iptables: { binaries: ['iptables', 'iptables-nft'], folders: ['/usr/sbin'], packages: enginePackages },
  ip6tables: { binaries: ['ip6tables', 'ip6tables-nft'], folders: ['/usr/sbin'], packages: enginePackages },
  'docker-compose': {
    binaries: ['docker-compose'],
    folders: ['/usr/libexec/docker/cli-plugins'],
    packages: ['docker-compose'],
    suite: 'sid',
    version: '2.',
  },
  'pg_dump-15': postgresClient('pg_dump', 15),
  // For backups and the test of a restore: of the major of the server that is started here.
  'pg_dump-17': { ...postgresClient('pg_dump', 17), suite: 'trixie' },
  'pg_restore-17': { ...postgresClient('pg_restore', 17), suite: 'trixie' },
} as const satisfies Record<string, Source>

export type ProgramName = keyof typeof programTable
