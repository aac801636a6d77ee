import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from '../../compose/local/run.ts'
import type { StandIn } from './standins.ts'

/** As `.ci/run` fetches it: the major of the image. */
const nodeVersion = '24.21.0'

const account = (name: string, id: number) => `${name}:x:${id}:${id}::/:/bin/sh\n`

/** What an image has besides its packages: users, folders of theirs, files and links. */
export const furnish = async (
  folder: string,
  { files = {}, links = {}, users = {}, folders = {}, shared = [], node }: StandIn,
) => {
  const place = (path: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    rmSync(join(folder, path), { force: true })
    return join(folder, path)
  }
  const all = Object.entries({ root: 0, ...users })
  writeFileSync(place('etc/passwd'), all.map(([name, id]) => account(name, id)).join(''))
  writeFileSync(place('etc/group'), all.map(([name, id]) => `${name}:x:${id}:\n`).join(''))
  for (const [path, text] of Object.entries(files)) {
    writeFileSync(place(path), text)
    chmodSync(join(folder, path), 0o755)
  }
  for (const [path, to] of Object.entries(links)) symlinkSync(to, place(path))
  for (const [path, id] of Object.entries(folders)) {
    mkdirSync(join(folder, path), { recursive: true })
    chownSync(join(folder, path), id, id)
  }
  for (const path of shared) {
    mkdirSync(join(folder, path), { recursive: true })
    chmodSync(join(folder, path), 0o1777)
  }
  if (node) await installNode(folder)
  // What this machine trusts, so that its registry of packages answers inside as well.
  const authorities = '/etc/ssl/certs/ca-certificates.crt'
  if (existsSync(authorities)) copyFileSync(authorities, place(authorities))
}

/** Node's own binary, which npm has a package of, and the npm that runs this. */
const installNode = async (folder: string) => {
  const [bin, modules] = ['usr/local/bin', 'usr/local/lib/node_modules'].map((path) => join(folder, path))
  const npm = process.env.npm_execpath
  if (!bin || !modules || !npm) throw new Error('npm is not known: start this by npm run')
  for (const path of [bin, modules]) mkdirSync(path, { recursive: true })
  const name = `node-linux-${process.arch}@${nodeVersion}`
  const packed = await run([process.execPath, npm, 'pack', '--silent', '--pack-destination', folder, name])
  if (packed.code !== 0) throw new Error(`could not fetch ${name}:\n${packed.output}`)
  const file = join(folder, packed.output.split('\n').at(-1) ?? '')
  const taken = await run(['tar', '-xzf', file, '-C', bin, '--strip-components=2', 'package/bin/node'])
  if (taken.code !== 0) throw new Error(`could not unpack ${name}:\n${taken.output}`)
  rmSync(file)
  cpSync(join(dirname(npm), '..'), join(modules, 'npm'), { recursive: true, dereference: true })
  for (const tool of ['npm', 'npx']) symlinkSync(`../lib/node_modules/npm/bin/${tool}-cli.js`, join(bin, tool))
}
