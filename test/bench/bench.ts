import { rmSync } from 'node:fs'
import { bundleOurs } from './contestants.ts'
import { type CatalogueName, catalogues, type DataSetName, type KeyspaceName, keyspaces } from './data-sets.ts'
import type { Pair } from './pair.ts'
import { ensurePeers, type PeerName, type Peers } from './peers.ts'
import { benchPostgres } from './postgres.ts'
import { benchRedis } from './redis.ts'
import { growthOf, limits, residentLimit, tableOf } from './report.ts'

/** Everything that was measured, and with what. */
export interface Result {
  readonly data: DataSetName
  readonly server: string
  readonly peer: string
  readonly pairs: readonly Pair[]
  readonly tables: readonly string[]
}

interface Options {
  readonly data: readonly DataSetName[]
  /** Of each exporter and encoding; fewer for larger answers where it is not given. */
  readonly scrapes?: number | undefined
  readonly peers?: Peers
  readonly say?: (line: string) => void
}

const usualScrapes: Readonly<Record<DataSetName, number>> = {
  'postgres-small': 40,
  'postgres-medium': 20,
  'postgres-large': 10,
  'redis-100k': 200,
  'redis-1m': 200,
}

const isCatalogue = (name: DataSetName): name is CatalogueName => name in catalogues
const isKeyspace = (name: DataSetName): name is KeyspaceName => name in keyspaces

const judged: readonly DataSetName[] = ['postgres-medium', 'postgres-large']

const benchOne = async (
  data: DataSetName,
  {
    bundle,
    peers,
    scrapes = usualScrapes[data],
    say,
  }: Required<Pick<Options, 'peers' | 'say'>> & {
    readonly bundle: string
    readonly scrapes?: number | undefined
  },
): Promise<Result> => {
  const kind: PeerName = isCatalogue(data) ? 'postgres' : 'redis'
  const found = peers[kind]
  const there = 'path' in found
  const common = { bundle, scrapes, say, peer: there ? found : undefined }
  const { version, pairs } = isKeyspace(data)
    ? await benchRedis(data, { ...common, keys: keyspaces[data] })
    : await benchPostgres(data, { ...common, catalogue: catalogues[data] })
  const absent = there ? undefined : found.absent
  const tables = pairs.map((pair, place) => {
    // The defaults send other series than the peer's: nothing is promised of those ratios.
    const ratios = kind === 'redis' ? limits.redis : judged.includes(data) && place === 0 ? limits.postgres : {}
    const resident = data === 'postgres-large' ? residentLimit : undefined
    return tableOf(pair, { ratios, resident, ...(absent && { absent }) })
  })
  const server = `${kind === 'postgres' ? 'PostgreSQL' : 'Redis'} ${version}`
  return { data, server, pairs, tables, peer: `${kind}_exporter ${there ? found.version : 'absent'}` }
}

/** Measures each data set, one after the other: two cores are for one server and one exporter. */
export const bench = async ({ data, scrapes, peers, say = () => undefined }: Options): Promise<readonly Result[]> => {
  const known = peers ?? (await ensurePeers())
  const bundle = await bundleOurs()
  try {
    const results: Result[] = []
    for (const name of data) {
      const result = await benchOne(name, { bundle, peers: known, scrapes, say })
      for (const table of result.tables) say(table)
      results.push(result)
    }
    return results
  } finally {
    rmSync(bundle, { force: true })
  }
}

/** How both grow, where both catalogues were measured. */
export const growthIn = (results: readonly Result[]) => {
  const usual = (data: DataSetName) => results.find((result) => result.data === data)?.pairs[1]
  const [medium, large] = [usual('postgres-medium'), usual('postgres-large')]
  return medium && large ? growthOf(medium, large) : undefined
}
