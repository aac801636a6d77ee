import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type Running, startProcess } from '../../compose/local/process.ts'
import { freePort } from '../integration/servers.ts'
import type { Peer } from './peers.ts'

export type Kind = 'postgres' | 'redis'

/** An exporter that runs, and where it is scraped. */
export interface Contestant extends Running {
  readonly url: string
}

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Inside the checkout, so that the bundle finds the packages it leaves out. */
const bundleFolder = join(root, '.local', 'bench')

/** Our exporter as one file of JavaScript. */
export const bundleOurs = async (entry = new URL('ours.ts', import.meta.url)) => {
  mkdirSync(bundleFolder, { recursive: true })
  const outfile = join(bundleFolder, `${basename(entry.pathname, '.ts')}-${process.pid}.mjs`)
  await build({
    entryPoints: [fileURLToPath(entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'silent',
  })
  return outfile
}

const answers = (url: string) => async () => (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok

export interface OursOptions {
  readonly bundle: string
  readonly folder: string
  readonly kind: Kind
  /** Of the server to read. */
  readonly source: string
  readonly limits?: Readonly<Record<string, number | null>>
  readonly surveySeconds?: number
  /** By name; all of them where none is named. */
  readonly collectors?: readonly string[]
}

const sourceVariable: Readonly<Record<Kind, string>> = { postgres: 'DATABASE_URL', redis: 'REDIS_URL' }

/** Started, and not yet scraped. */
export const startOurs = async ({
  bundle,
  folder,
  kind,
  source,
  limits,
  surveySeconds,
  collectors = [],
}: OursOptions) => {
  const port = await freePort()
  const settings = { kind, ...(limits && { limits }), ...(surveySeconds && { surveySeconds }) }
  const running = await startProcess({
    name: 'our exporter',
    home: join(folder, `ours-${port}`),
    command: process.execPath,
    args: ['--enable-source-maps=false', bundle, JSON.stringify(settings)],
    env: { NODE_ENV: 'production', NODE_OPTIONS: '', [sourceVariable[kind]]: source, EXPORTER_PORT: String(port) },
    ready: answers(`http://127.0.0.1:${port}/health`),
  })
  const query = collectors.map((name) => `collect[]=${name}`).join('&')
  const url = `http://127.0.0.1:${port}/metrics/${kind}/bench${query && `?${query}`}`
  return { ...running, url } satisfies Contestant
}

interface PeerOptions {
  readonly peer: Peer
  readonly folder: string
  readonly kind: Kind
  readonly source: string
  readonly flags?: readonly string[]
}

/** Started, and not yet scraped. */
export const startPeer = async ({ peer, folder, kind, source, flags = [] }: PeerOptions) => {
  const port = await freePort()
  const listen = `--web.listen-address=127.0.0.1:${port}`
  const running = await startProcess({
    name: `${kind}_exporter`,
    home: join(folder, `peer-${port}`),
    command: peer.path,
    args: [listen, ...flags],
    env: kind === 'postgres' ? { DATA_SOURCE_NAME: `${source}?sslmode=disable` } : { REDIS_ADDR: source },
    ready: answers(`http://127.0.0.1:${port}/`),
  })
  return { ...running, url: `http://127.0.0.1:${port}/metrics` } satisfies Contestant
}
