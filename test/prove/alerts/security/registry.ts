import { randomInt } from 'node:crypto'
import { createServer } from 'node:http'
import { freePort } from '../../../integration/servers.ts'

/** What GitHub's database of advisories says of lodash, in part; npm's own registry is asked by nobody here. */
const known = [
  {
    title: 'Prototype Pollution in lodash',
    url: 'https://github.com/advisories/GHSA-jf85-cpcp-j695',
    severity: 'critical',
    vulnerable_versions: '<4.17.12',
    cwe: ['CWE-1321', 'CWE-20'],
    cvss: { score: 9.1, vectorString: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H' },
  },
  {
    title: 'Command Injection in lodash',
    url: 'https://github.com/advisories/GHSA-35jh-r3h4-6jhm',
    severity: 'high',
    vulnerable_versions: '<4.17.21',
    cwe: ['CWE-77', 'CWE-94'],
    cvss: { score: 7.2, vectorString: 'CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H' },
  },
]

const versions = Object.fromEntries(
  ['4.17.4', '4.17.20', '4.17.21'].map((version) => [
    version,
    { name: 'lodash', version, dist: { tarball: `http://127.0.0.1/lodash-${version}.tgz` } },
  ]),
)
const packument = { name: 'lodash', 'dist-tags': { latest: '4.17.21' }, versions }

/** A registry of npm that knows one package, and what is known against it. */
export const openRegistry = async () => {
  const port = await freePort()
  // npm remembers what it was told of an advisory by its number: in the next run each has another.
  const first = randomInt(1_000_000, 1_000_000_000)
  const told = { lodash: known.map((one, n) => ({ id: first + n, ...one })) }
  let refuses = false
  const server = createServer((request, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    request.resume().once('end', () => {
      if (refuses) return answer(405, { error: 'not here' })
      return answer(200, request.url?.includes('advisories') ? told : packument)
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${port}/`,
    refuses: (no: boolean) => {
      refuses = no
    },
    end: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
