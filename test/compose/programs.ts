import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Program } from '../../compose/local/find-program.ts'
import { programFolder } from '../../compose/local/program-folder.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { pathFolders } from '../../compose/local/run.ts'

type Say = (line: string) => void

/** The environment in which `docker` is the client that is used, with compose, and knows no logins of anybody. */
export interface ClientEnv extends Readonly<Record<string, string>> {
  readonly PATH: string
  readonly DOCKER_CONFIG: string
}

/** Unpacked and not installed, iptables would look for its modules where an installed one has them. */
const withModules = (program: Program): Program => {
  const [libraries] = program.env.LD_LIBRARY_PATH?.split(':') ?? []
  return libraries ? { ...program, env: { ...program.env, XTABLES_LIBDIR: join(libraries, 'xtables') } } : program
}

const pathOf = (folders: readonly string[]) => [...new Set([...folders, ...pathFolders()])].join(':')

/** The client of Docker, and compose as its plugin. */
export const clientEnv = async (folder: string, say: Say): Promise<ClientEnv> => {
  const { docker, 'docker-compose': compose } = await ensurePrograms(['docker', 'docker-compose'], say)
  const config = join(folder, 'client')
  mkdirSync(join(config, 'cli-plugins'), { recursive: true })
  symlinkSync(compose.path, join(config, 'cli-plugins/docker-compose'))
  const bin = programFolder(join(folder, 'client-bin'), { docker })
  return { PATH: pathOf([bin]), DOCKER_CONFIG: config }
}

/** The engine, and a PATH on which it finds what it starts. */
export const enginePrograms = async (folder: string, say: Say) => {
  const found = await ensurePrograms(['dockerd', 'containerd', 'runc', 'iptables', 'ip6tables'], say)
  const { iptables, ip6tables, ...rest } = found
  const tables = { iptables: withModules(iptables), ip6tables: withModules(ip6tables) }
  const bin = programFolder(join(folder, 'engine-bin'), { ...rest, ...tables })
  // Beside those lie what has no version to ask for: docker-init, docker-proxy, the shim of containerd, ip.
  const beside = Object.values(found).flatMap(({ path }) => [dirname(path), join(dirname(path), '../bin')])
  return { PATH: pathOf([bin, ...beside, '/usr/sbin', '/sbin']) }
}
