import { join } from 'node:path'
import { type Running, startProcess } from '../../compose/local/process.ts'
import { run } from '../../compose/local/run.ts'
import { clientOf } from './client.ts'
import { type ClientEnv, clientEnv, enginePrograms } from './programs.ts'

/** Where containers run: an engine that was there, or one of our own. */
export interface Engine {
  readonly env: ClientEnv
  readonly words: string
  readonly own: boolean
  /** Ends it where it is our own, and takes away what it left in the kernel. */
  end(): Promise<void>
}

/** Why no engine of our own can be started, where none can. */
export const whyNone = (): string | undefined => {
  if (process.platform !== 'linux') return 'an engine of our own needs Linux'
  return process.getuid?.() === 0
    ? undefined
    : 'an engine of our own needs root, and none answers that this user may ask'
}

type Say = (line: string) => void

const versionOf = (env: ClientEnv) =>
  clientOf({ env, cwd: '/' }).attempt(['version', '--format', '{{.Server.Version}}'])

/** The engine that answers here, else Debian's on a socket and a folder of its own. Undefined where neither can be had. */
export const openEngine = async (folder: string, say: Say): Promise<Engine | undefined> => {
  const env = await clientEnv(folder, say)
  const there = await versionOf(env)
  if (there.code === 0) {
    return { env, words: `Docker ${there.output}, which ran already`, own: false, end: async () => undefined }
  }
  return whyNone() ? undefined : startEngine(folder, env, say)
}

const startEngine = async (folder: string, client: ClientEnv, say: Say): Promise<Engine> => {
  const { PATH } = await enginePrograms(folder, say)
  const before = await rules(PATH)
  const host = `unix://${join(folder, 'docker.sock')}`
  const env = { ...client, DOCKER_HOST: host }
  const places = ['data', 'exec'].flatMap((name) => [`--${name}-root`, join(folder, name)])
  const running = await startProcess({
    name: 'Docker engine',
    home: join(folder, 'engine'),
    command: 'dockerd',
    args: [...places, '--pidfile', join(folder, 'dockerd.pid'), '--host', host],
    env: { PATH },
    ready: async () => (await versionOf(env)).code === 0,
    readyWithin: 60_000,
    grace: 60_000,
  })
  const { output } = await versionOf(env)
  const end = () => endEngine(running, folder, { PATH, before })
  return { env, words: `Docker ${output}, started for this on a socket and a folder of its own`, own: true, end }
}

interface Kernel {
  readonly PATH: string
  /** Rules that were there before. */
  readonly before: readonly string[]
}

/** As `iptables -t TABLE` takes each: `-t nat -A POSTROUTING ...`. */
const rules = async (PATH: string): Promise<readonly string[]> => {
  const tables = ['filter', 'nat'].map(async (table) => {
    const { code, output } = await run(['iptables', '-t', table, '-S'], { env: { PATH } })
    return code === 0 ? output.split('\n').map((line) => `-t ${table} ${line}`) : []
  })
  return (await Promise.all(tables)).flat()
}

/** An engine leaves its rules, a bridge and a mount behind. Only what came with it goes. */
const endEngine = async (running: Running, folder: string, { PATH, before }: Kernel) => {
  await running.stop()
  const left = (await rules(PATH)).filter((line) => !before.includes(line))
  const undo = [
    ...left
      .filter((line) => / -A .*(DOCKER|docker0|br-[0-9a-f]{12})/.test(line))
      .map((line) => line.replace(' -A ', ' -D ')),
    ...left.filter((line) => / -N DOCKER/.test(line)).map((line) => line.replace(' -N ', ' -F ')),
    ...left.filter((line) => / -N DOCKER/.test(line)).map((line) => line.replace(' -N ', ' -X ')),
    // It shuts the machine's forwarding, and does not open it again.
    ...before.filter((line) => / -P FORWARD/.test(line)),
  ]
  for (const line of undo) await run(['iptables', ...words(line)], { env: { PATH } })
  await run(['ip', 'link', 'delete', 'docker0'], { env: { PATH } })
  await run(['umount', '--lazy', join(folder, 'exec/netns/default')], { env: { PATH } })
}

const words = (line: string) => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
