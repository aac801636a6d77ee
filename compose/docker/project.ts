import { realpathSync } from 'node:fs'
import { images } from '../images.ts'
import type { Port } from '../local/ports.ts'
import { root } from '../plan.ts'
import { type Docker, lastLine } from './call.ts'
import { type Container, mimirParts, parts } from './parts.ts'

interface Service {
  readonly image?: string
  readonly build?: { readonly target?: string; readonly args?: Readonly<Record<string, string>> }
  readonly ports?: readonly { readonly target: number; readonly published?: string }[]
}

interface Config {
  readonly name: string
  readonly services: Readonly<Record<string, Service>>
}

interface Project {
  readonly name: string
  readonly services: readonly string[]
  readonly ports: readonly Port[]
  /** Those that a registry gives: of services, and what ours are built on. */
  readonly images: readonly string[]
}

/** What compose makes of its files: with the variables of the environment and of .env, as it reads them. */
export const readConfig = async (docker: Docker, profiles: readonly string[] = []): Promise<Config> => {
  const flags = profiles.flatMap((name) => ['--profile', name])
  const { code, output, complaint } = await docker(['compose', ...flags, 'config', '--format', 'json'])
  if (code !== 0) throw new Error(`could not read docker-compose.yml: ${lastLine(complaint)}`)
  return JSON.parse(output)
}

/** What an image of ours is built on, as compose/Dockerfile has it where nothing is pinned. */
const basesOf = ({ target, args }: NonNullable<Service['build']>) => [
  args?.NODE_IMAGE ?? images.node,
  ...(target === 'jobs' ? [args?.POSTGRES_IMAGE ?? images.postgres] : []),
]

export const imagesOf = ({ services }: Config): readonly string[] => {
  const all = Object.values(services)
  const ours = all.filter(({ build }) => build).map(({ image }) => image)
  const theirs = all.flatMap(({ image, build }) => {
    if (build) return basesOf(build)
    return image === undefined || ours.includes(image) ? [] : [image]
  })
  return [...new Set(theirs)]
}

export const readProject = async (docker: Docker): Promise<Project> => {
  const config = await readConfig(docker)
  const { name, services } = config
  const ports = [...parts, ...mimirParts].flatMap(({ service, name: words, port, variable }) => {
    const found = services[service]?.ports?.find(({ target }) => target === port)?.published
    return found && variable ? [{ port: Number(found), name: words, variable }] : []
  })
  return { name, services: Object.keys(services), ports, images: imagesOf(config) }
}

const real = (path: string) => {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** Two checkouts under one name would take each other's containers away. Data is theirs in common, too. */
export const assertAlone = async (docker: Docker, name: string): Promise<void> => {
  const folder = '{{.Label "com.docker.compose.project.working_dir"}}'
  const filter = `label=com.docker.compose.project=${name}`
  const { output } = await docker(['ps', '--all', '--filter', filter, '--format', `{{.State}} ${folder}`])
  const found = output.split('\n').filter(Boolean)
  const other = found.map((line) => line.slice(line.indexOf(' ') + 1)).find((path) => real(path) !== real(root))
  if (other) {
    throw new Error(
      `the containers named ${name} belong to the checkout ${other}: remove them there (docker compose down), or give ` +
        `this one a name of its own: COMPOSE_PROJECT_NAME=${name}-2 npm start`,
    )
  }
  if (found.some((line) => !/^(exited|created|dead) /.test(line))) {
    throw new Error('the stack runs in containers already: docker compose down ends it and keeps its data')
  }
}

interface Listed {
  readonly Service: string
  readonly State: string
  readonly Health: string
  readonly ExitCode: number
  readonly Publishers: readonly { readonly TargetPort: number; readonly PublishedPort: number }[] | null
}

/** One JSON value a line; compose before 2.21 wrote one list. */
const listed = (output: string): readonly Listed[] =>
  output
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      const value: Listed | readonly Listed[] = JSON.parse(line)
      return value
    })

export const containersOf = async (docker: Docker): Promise<readonly Container[]> => {
  const { code, output, complaint } = await docker(['compose', 'ps', '--all', '--format', 'json'])
  if (code !== 0) throw new Error(`could not list the containers: ${lastLine(complaint)}`)
  return listed(output).map(({ Service, State, Health, ExitCode, Publishers }) => ({
    service: Service,
    state: State,
    health: Health,
    exitCode: ExitCode,
    ports: (Publishers ?? []).map(({ TargetPort, PublishedPort }) => ({ inside: TargetPort, outside: PublishedPort })),
  }))
}

/** Those to blame when the stack does not come up: who failed; where nobody did, who was still at it. */
export const culprits = (containers: readonly Container[]): readonly Container[] => {
  const failed = containers.filter(
    ({ state, health, exitCode }) =>
      (state === 'exited' && exitCode !== 0) || ['restarting', 'dead'].includes(state) || health === 'unhealthy',
  )
  return failed.length > 0 ? failed : containers.filter(({ health }) => health === 'starting')
}
