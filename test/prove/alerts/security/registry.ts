import { randomInt } from 'node:crypto'
import { createServer } from 'node:http'
import { freePort } from '../../../integration/servers.ts'

type Severity = 'critical' | 'high'

/** A registry of npm that knows one package, and what is told against it. */
export const openRegistry = async () => {
  const port = await freePort()
  // npm remembers what it was told of an advisory: each is another one, also in the next run.
  const first = randomInt(1_000_000, 1_000_000_000)
  const ids = { low: first, high: first + 1, critical: first + 2 } as const
  let [severities, refuses]: [readonly Severity[], boolean] = [[], false]
  const versions = Object.fromEntries(
    ['4.17.4', '4.17.21'].map((version) => [
      version,
      { name: 'lodash', version, dist: { tarball: 'http://127.0.0.1/x.tgz' } },
    ]),
  )
  const packument = { name: 'lodash', 'dist-tags': { latest: '4.17.21' }, versions }
  const advisory = (severity: string, id: number) => ({
    id,
    url: `https://example.com/${id}`,
    title: 'something is wrong with it',
    severity,
    vulnerable_versions: '<4.17.21',
    cwe: [],
    cvss: { score: 9, vectorString: null },
  })
  const server = createServer((request, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    request.resume().once('end', () => {
      if (refuses) return answer(405, { error: 'not here' })
      if (!request.url?.includes('advisories')) return answer(200, packument)
      // Something is always known of it, or nobody would believe that nothing is.
      const known = severities.length > 0 ? severities : (['low'] as const)
      return answer(200, { lodash: known.map((severity) => advisory(severity, ids[severity])) })
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${port}/`,
    tells: (...told: readonly Severity[]) => {
      severities = told
    },
    refuses: (no: boolean) => {
      refuses = no
    },
    end: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
