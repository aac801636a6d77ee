import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'

/** Versions of a package, each with what its index.js says. */
type Versions = Readonly<Record<string, string>>

interface Options {
  readonly folder: string
  readonly port: number
  readonly packages: Readonly<Record<string, Versions>>
  /** Which versions of them have a known vulnerability. */
  readonly vulnerable: Readonly<Record<string, string>>
}

/** A registry of npm packages that answers audits, for a real npm. */
export const npmRegistry = async ({ folder, port, packages, vulnerable }: Options) => {
  const url = `http://127.0.0.1:${port}`
  const documents = new Map<string, object>()
  const tarballs = new Map<string, Buffer>()
  for (const [name, versions] of Object.entries(packages)) {
    const described = Object.entries(versions).map(([version, code]) => {
      const own = join(folder, `${name}-${version}`)
      mkdirSync(join(own, 'package'), { recursive: true })
      const manifest = { name, version, main: 'index.js' }
      writeFileSync(join(own, 'package', 'package.json'), JSON.stringify(manifest))
      writeFileSync(join(own, 'package', 'index.js'), code)
      execFileSync('tar', ['-czf', join(own, 'package.tgz'), '-C', own, 'package'])
      const bytes = readFileSync(join(own, 'package.tgz'))
      const path = `/${name}/-/${name}-${version}.tgz`
      tarballs.set(path, bytes)
      const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
      return [version, { ...manifest, dist: { tarball: `${url}${path}`, integrity } }] as const
    })
    const latest = described.at(-1)?.[0]
    documents.set(`/${name}`, { name, 'dist-tags': { latest }, versions: Object.fromEntries(described) })
  }
  const advisories = (asked: readonly string[]) =>
    Object.fromEntries(
      asked
        .filter((name) => vulnerable[name] !== undefined)
        .map((name, at) => {
          const advisory = { id: 1_000 + at, url: `https://github.com/advisories/${name}`, title: `${name} leaks` }
          return [
            name,
            [{ ...advisory, severity: 'high', vulnerable_versions: vulnerable[name], cwe: [], cvss: { score: 7.5 } }],
          ]
        }),
    )
  let gate: Promise<void> | undefined
  let waiting = 0
  let failing = false
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(request.url ?? '')
    const send = (body: object) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (path === '/-/npm/v1/security/advisories/bulk') {
      const zipped = request.headers['content-encoding'] === 'gzip'
      const asked: object = JSON.parse(await text(zipped ? request.pipe(createGunzip()) : request))
      return send(advisories(Object.keys(asked)))
    }
    const tarball = tarballs.get(path)
    if (tarball) {
      waiting += 1
      await gate
      waiting -= 1
      if (failing) return response.destroy()
      return response.writeHead(200).end(tarball)
    }
    const document = documents.get(path)
    return document ? send(document) : response.writeHead(404).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url,
    /** Gives nobody a package from now on. */
    hold: () => {
      let open: () => void = () => undefined
      gate = new Promise((resolve) => {
        open = resolve
      })
      return {
        /** Whether somebody waits for one. */
        waits: () => waiting > 0,
        end: () => {
          gate = undefined
          open()
        },
      }
    },
    /** Breaks off whatever it is asked for of a package, until what it gives is called. */
    fail: () => {
      failing = true
      return () => {
        failing = false
      }
    },
    end: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
