import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleOurs } from '../../bench/contestants.ts'
import { eventually } from '../../integration/servers.ts'
import { patterns } from '../conformance/servers.ts'
import { endTold, said, startTold } from '../processes.ts'
import { type Scraped, scraped } from '../scraped.ts'
import type { Order, Sent } from './hostile-client.ts'
import type { Measured, Settings, Started } from './hostile-server.ts'

export interface Wanted {
  readonly server: string
  readonly log: Settings['log']
  readonly requests: number
}

/** How it stood after a part of the way, with all connections closed. */
interface Stage extends Measured, Scraped {
  readonly byNode: number
  readonly connections: number
}

export interface Flat {
  /** After the first fifth. */
  readonly early: Stage
  readonly last: Stage
  readonly seconds: number
  readonly faults: readonly string[]
}

/** Measured so often on the way; the first fifth warms up. */
const stages = 10
const warm = stages / 5
const mebibyte = 1024 ** 2
/** Small enough to be rotated hundreds of times. */
const [logSize, logFiles] = [200_000, 3]
/** What may be held more at the end than after the first fifth. */
export const mostGrowth = 5 * mebibyte
/** Of what is resident, which the allocator of the system keeps as it likes. */
export const mostResident = 64 * mebibyte

/** Asks one server so often, by hostile clients, and measures on the way. */
export const flat = async (wanted: Wanted, say: (line: string) => void = () => undefined): Promise<Flat> => {
  const { server, log, requests } = wanted
  const [serverBundle, clientBundle] = [
    await bundleOurs(new URL('hostile-server.ts', import.meta.url)),
    await bundleOurs(new URL('hostile-client.ts', import.meta.url)),
  ]
  const folder = mkdtempSync(join(tmpdir(), 'service-memory-'))
  const settings: Settings = { server, log, folder, size: logSize, keep: logFiles }
  const asked = startTold(serverBundle, [JSON.stringify(settings)], ['--expose-gc', '--no-deprecation'])
  const asking = startTold(clientBundle)
  const begun = performance.now()
  try {
    const { port, metrics } = await said<Started>(asked)
    const found: Stage[] = []
    const sents: Sent[] = []
    for (let stage = 1; stage <= stages; stage += 1) {
      const order = {
        port,
        requests: Math.ceil(requests / stages),
        seed: stage,
        tour: stage === 1 && requests >= worthTour,
      }
      sents.push(await said<Sent>(asking, order satisfies Order))
      const now = await eventually(
        () => scraped(metrics),
        ({ inFlight, open }) => inFlight === 0 && open === 0,
      )
      const byNode = sents.reduce((sum, one) => sum + one.byNode, 0)
      const connections = sents.reduce((sum, one) => sum + one.connections, 0)
      found.push({ ...now, ...(await said<Measured>(asked, {})), byNode, connections })
      say(`${server}, ${log}: ${wordsOf(found.at(-1))}`)
    }
    const hung = sents.flatMap((one) => one.hung).map((text) => `neither answered nor closed: ${JSON.stringify(text)}`)
    const [early, last] = [found[warm - 1], found.at(-1)]
    if (!early || !last) throw new Error('nothing was measured')
    const faults = [...hung, ...faultsOf(early, last, requests), ...(log === 'all' ? logFaults(folder) : [])]
    return { early, last, seconds: (performance.now() - begun) / 1000, faults }
  } finally {
    await Promise.all([asked, asking].map(endTold))
    for (const path of [folder, serverBundle, clientBundle]) rmSync(path, { recursive: true, force: true })
  }
}

const wordsOf = (stage: Stage | undefined) =>
  stage
    ? `${stage.accepted} accepted, ${(stage.held / mebibyte).toFixed(1)} MiB held, ${(stage.resident / mebibyte).toFixed(0)} MiB resident, ${stage.series.length} series`
    : ''

const known = new Set([...patterns, 'unmatched'])
/** Seven methods, and all others as one. */
const methods = 8
/** That a client left at this very moment is rare for some routes: each may have one such series for a method. */
const isLeft = (series: string) => series.includes('status_code="499"')
export const answeredSeries = ({ series }: Scraped) => series.filter((one) => !isLeft(one))
export const leftSeries = ({ series }: Scraped) => series.filter(isLeft)
/** Of so many, the tour is a small part. */
const worthTour = 50_000

const faultsOf = (early: Stage, last: Stage, requests: number): readonly string[] => {
  const mib = (bytes: number) => `${(bytes / mebibyte).toFixed(1)} MiB`
  const told = last.completed + last.aborted
  const strange = last.routes.filter((route) => !known.has(route))
  const late = answeredSeries(last).filter((one) => !early.series.includes(one))
  const lateSeries = requests < worthTour ? [] : late
  const left = leftSeries(last).length
  return [
    ...(last.accepted >= requests ? [] : [`only ${last.accepted} requests were accepted`]),
    ...(told === last.accepted + last.byNode
      ? []
      : [
          `${last.completed} completed + ${last.aborted} aborted are not ${last.accepted} accepted + ${last.byNode} of Node's own`,
        ]),
    ...(last.errors === 0 ? [] : [`${last.errors} faults of the instrumentation`]),
    ...(last.held - early.held < mostGrowth ? [] : [`${mib(last.held - early.held)} more were held at the end`]),
    ...(last.resident - early.resident < mostResident
      ? []
      : [`${mib(last.resident - early.resident)} more were resident`]),
    ...(left <= known.size * methods ? [] : [`${left} series of requests that were left`]),
    ...strange.map((route) => `a route that the application has not: ${route.slice(0, 200)}`),
    ...lateSeries.map((one) => `a series that came late: ${one.slice(0, 200)}`),
  ]
}

const logFaults = (folder: string) => {
  const names = readdirSync(folder).filter((name) => name.startsWith('combined'))
  const large = names.filter((name) => statSync(join(folder, name)).size > logSize)
  return [
    ...large.map((name) => `${name} is larger than ${logSize} bytes`),
    ...(names.length === logFiles ? [] : [`${names.length} files of the log, and not ${logFiles}`]),
  ]
}
