import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findProgram } from '../../../jobs/program.ts'
import { eventually, freePort } from '../../integration/servers.ts'
import { apiIn } from './restart-stand.ts'

const run = promisify(execFile)

/** Why no engine of our own can be started here, where none can. */
export const whyNoEngine = (): string | undefined => {
  if (process.platform !== 'linux') return 'a Docker engine of our own needs Linux'
  if (process.getuid?.() !== 0) return 'a Docker engine of our own needs root'
  const missing = ['dockerd', 'containerd', 'runc', 'docker', 'tar', 'ldd'].filter((name) => !findProgram(name))
  return missing.length === 0 ? undefined : `there is no ${missing.join(', no ')} on PATH`
}

const image = 'techplus-node:test'
const container = 'techplus-api-test'

/** Node of this machine with its libraries, as an image: no registry is asked. */
const importNode = async (socket: string) => {
  const node = realpathSync(process.execPath)
  const libraries = execFileSync('ldd', [node], { encoding: 'utf8' }).match(/\/[^ )]+/g) ?? []
  const files = [node, ...libraries].map((path) => path.slice(1))
  const tar = spawn('tar', ['-ch', '--transform', `s,^${node.slice(1)}$,bin/node,`, '-C', '/', ...files])
  const load = spawn('docker', ['-H', socket, 'import', '-', image], { stdio: [tar.stdout, 'ignore', 'inherit'] })
  const [code] = await once(load, 'exit')
  if (code !== 0) throw new Error('could not import the image')
}

/**
 * An engine of our own with the API in a container of it, which compose started.
 * @throws Error with the end of its log, where it does not start
 */
export const dockerStand = async () => {
  // A socket has a short path.
  const folder = mkdtempSync(join(tmpdir(), 'docker-'))
  const socket = `unix://${join(folder, 'docker.sock')}`
  const places = ['data', 'exec'].flatMap((name) => [`--${name}-root`, join(folder, name)])
  const apart = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--storage-driver=vfs']
  const engine = spawn('dockerd', [...places, '--pidfile', join(folder, 'pid'), '-H', socket, ...apart], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  let said = ''
  engine.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000)
  })
  const gone = once(engine, 'exit')
  const docker = async (...args: readonly string[]) => (await run('docker', ['-H', socket, ...args])).stdout
  const end = async () => {
    await docker('rm', '--force', container).catch(() => undefined)
    engine.kill('SIGTERM')
    await gone
    // It leaves the namespace of the network mounted.
    await run('umount', ['--lazy', join(folder, 'exec/netns/default')]).catch(() => undefined)
    rmSync(folder, { recursive: true, force: true })
  }
  const answers = () =>
    docker('info').then(
      () => true,
      () => engine.exitCode !== null,
    )
  await eventually(answers, Boolean, { within: 60_000, every: 200 })
  if (engine.exitCode !== null) throw new Error(`dockerd did not start in ${readdirSync(folder)}: ${said}`)
  try {
    await importNode(socket)
    const api = apiIn(join(folder, 'api'), await freePort())
    const file = join(folder, 'docker-compose.yml')
    writeFileSync(
      file,
      `services:
  api:
    image: ${image}
    container_name: ${container}
    network_mode: host
    stop_grace_period: 2s
    command: [/bin/node, /api/api.cjs]
    environment: { FOLDER: /api, PORT: '${api.port}' }
    volumes: ['${api.folder}:/api']
`,
    )
    await docker('compose', '--file', file, 'up', '--detach')
    await api.healthy()
    return { ...api, socket, file, container, service: 'api', end }
  } catch (cause) {
    await end()
    throw cause
  }
}
