import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { type Check, isLeftOut, type Planned, type Seen } from '../../jobs/security-audit/check.ts'

/** What a check sees, of which the test says that it applies. */
export const see = async (planned: Planned | Promise<Planned>): Promise<Seen> =>
  (await checkOf(planned)).look(patient())

export const checkOf = async (planned: Planned | Promise<Planned>): Promise<Check> => {
  const one = await planned
  if (isLeftOut(one)) throw new Error(`left out: ${one.leftOut}`)
  return one
}

const patient = () => ({ signal: AbortSignal.timeout(60_000), progress: () => undefined })

export const whatOf = ({ findings }: Seen): readonly string[] => findings.map(({ what }) => what)

/** Values of the samples, by metric and label. */
export const valuesOf = ({ samples }: Pick<Seen, 'samples'>): Readonly<Record<string, number>> =>
  Object.fromEntries(
    samples.map(({ metric, labels, value }) => [[metric.name, ...Object.values(labels)].join(' '), value]),
  )

export interface Advisory {
  readonly title: string
  readonly severity: string
  readonly vulnerable_versions: string
}

/** A registry of npm: `POST` of what is installed to what is known against it, and the versions that there are. */
export const registry = async (known: Readonly<Record<string, readonly Advisory[]>>) => {
  let asked = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      response.setHeader('content-type', 'application/json')
      if (request.method === 'GET') {
        response.end(JSON.stringify(packument(decodeURIComponent(request.url ?? '').slice(1))))
        return
      }
      asked += 1
      const body = Buffer.concat(chunks)
      const installed: Record<string, unknown> = JSON.parse(String(body[0] === 0x1f ? gunzipSync(body) : body))
      const found = Object.entries(known).filter(([name]) => name in installed)
      response.end(JSON.stringify(Object.fromEntries(found.map(([name, all]) => [name, all.map(advisory)]))))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${portOfServer(server)}/`, asked: () => asked, close: () => server.close() }
}

const advisory = (one: Advisory, at: number) => ({
  // npm keeps what it found out of an advisory by its number.
  id: randomInt(1_000_000, 1_000_000_000) + at,
  url: 'https://github.com/advisories/GHSA-jf85-cpcp-j695',
  cwe: ['CWE-1321'],
  cvss: { score: 9.1, vectorString: null },
  ...one,
})

const packument = (name: string) => ({
  name,
  'dist-tags': { latest: '4.17.21' },
  versions: Object.fromEntries(['4.17.4', '4.17.21'].map((version) => [version, { name, version, dist: {} }])),
})

export const portOfServer = (server: Pick<Server, 'address'>): number => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('it listens on no port')
  return (address satisfies AddressInfo).port
}
