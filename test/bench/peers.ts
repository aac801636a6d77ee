import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withLock } from '../../compose/local/lock.ts'
import { run } from '../../compose/local/run.ts'

/** An exporter that people leave for ours. */
export interface Peer {
  readonly path: string
  /** As its package says: `0.19.1`. */
  readonly version: string
}

export type PeerName = 'postgres' | 'redis'

/** Each peer, or why it is not there. */
export type Peers = Readonly<Record<PeerName, Peer | { readonly absent: string }>>

const packages: Readonly<Record<PeerName, string>> = {
  postgres: 'prometheus-postgres-exporter',
  redis: 'prometheus-redis-exporter',
}

/** The suite that carries their newest releases. */
const suite = 'sid'
const toolsFolder = fileURLToPath(new URL('../../.local/tools', import.meta.url))
const peersFolder = join(toolsFolder, `peers-${suite}-${process.arch}`)

const succeed = async (what: string, command: readonly string[], cwd: string) => {
  const { code, output } = await run(command, { cwd, env: { LC_ALL: 'C' } })
  if (code !== 0) throw new Error(`could not ${what}: ${output}`)
  return output
}

/** The mirror that the system's own apt asks. Security updates have a repository of their own, without this suite. */
const mirror = async (folder: string) => {
  const format = ['--format', '$(REPO_URI)', 'Created-By: Packages']
  const uris = (await succeed('ask apt for its mirror', ['apt-get', 'indextargets', ...format], folder)).split('\n')
  const uri = uris.find((one) => one !== '' && !one.includes('security'))
  if (!uri) throw new Error('could not find a mirror in the configuration of apt')
  return uri
}

/** Unpacked beside the system, with lists of its own: the system's apt never hears of the suite. */
const fetchPeers = async (folder: string) => {
  for (const inner of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(folder, inner), { recursive: true })
  writeFileSync(join(folder, 'suite.list'), `deb ${await mirror(folder)} ${suite} main\n`)
  const options = [
    `Dir::Etc::sourcelist=${join(folder, 'suite.list')}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::Lists=${join(folder, 'lists')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
    'Acquire::Retries=2',
    'Acquire::http::Timeout=20',
  ].flatMap((option) => ['-o', option])
  await succeed(`read the package lists of ${suite}`, ['apt-get', ...options, 'update', '-q'], folder)
  await succeed('download the peers', ['apt-get', ...options, 'download', '-q', ...Object.values(packages)], folder)
  for (const deb of readdirSync(folder).filter((file) => file.endsWith('.deb'))) {
    await succeed(`unpack ${deb}`, ['dpkg', '-x', deb, 'root'], folder)
    // Its name tells the version; the programs tell it each in a way of its own.
    renameSync(join(folder, deb), join(folder, 'root', deb))
  }
}

const ensureFolder = async () => {
  mkdirSync(toolsFolder, { recursive: true })
  await withLock(`${peersFolder}.lock`, async () => {
    if (existsSync(peersFolder)) return
    const draft = mkdtempSync(`${peersFolder}.new-`)
    try {
      await fetchPeers(draft)
      renameSync(join(draft, 'root'), peersFolder)
    } finally {
      rmSync(draft, { recursive: true, force: true })
    }
  })
}

const find = async (name: PeerName): Promise<Peer> => {
  const path = join(peersFolder, 'usr/bin', packages[name])
  const deb = readdirSync(peersFolder).find((file) => file.startsWith(`${packages[name]}_`)) ?? ''
  await succeed(`run ${packages[name]}`, [path, '--version'], peersFolder)
  return { path, version: deb.split('_')[1]?.replace(/-.*$/, '') ?? 'of an unknown version' }
}

const firstLine = (error: unknown) => (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''

/** Finds the peers where an earlier run has unpacked them, else fetches them from Debian. Never throws. */
export const ensurePeers = async (): Promise<Peers> => {
  const fetched = ensureFolder()
  const look = (name: PeerName) =>
    fetched.then(() => find(name)).catch((error: unknown) => ({ absent: firstLine(error) }))
  const [postgres, redis] = await Promise.all([look('postgres'), look('redis')])
  return { postgres, redis }
}
