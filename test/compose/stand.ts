import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Container } from '../../compose/docker/parts.ts'
import { parts, urlOf } from '../../compose/docker/parts.ts'
import { containersOf, culprits } from '../../compose/docker/project.ts'
import { root } from '../../compose/plan.ts'
import { eventually, freePort } from '../integration/servers.ts'
import { type Client, clientOf } from './client.ts'
import type { Engine } from './engine.ts'

/** The stack of docker-compose.yml under a name of its own, at ports of its own, in one engine. */
export interface Stand extends Client {
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  compose(...args: readonly string[]): Promise<string>
  /** What a shell says in a service. */
  within(service: string, script: string): Promise<string>
  containers(): Promise<readonly Container[]>
  /** The URL on this machine of a port inside a service. */
  url(service: string, inside: number): Promise<string>
}

/** Those that go on running, in the order in which they are listed. */
export const lasting = [...new Set(parts.map(({ service }) => service))]

/** Nobody's settings and nobody's secrets: what whoever runs this has in `.env` and `secrets/` is not looked at. */
export const openStand = async (engine: Engine, folder: string, name: string): Promise<Stand> => {
  const secrets = join(folder, 'channels')
  mkdirSync(secrets, { recursive: true })
  const variables = parts.flatMap(({ variable }) => variable ?? [])
  const ports = await Promise.all(variables.map(async (variable) => [variable, String(await freePort())] as const))
  const env = {
    ...engine.env,
    ...Object.fromEntries(ports),
    COMPOSE_PROJECT_NAME: name,
    COMPOSE_FILE: 'docker-compose.yml',
    COMPOSE_PROFILES: '',
    COMPOSE_DISABLE_ENV_FILE: 'true',
    SECRETS_DIR: secrets,
  }
  return standOf(name, env)
}

const standOf = (name: string, env: Stand['env']): Stand => {
  const client = clientOf({ env, cwd: root })
  const compose: Stand['compose'] = (...args) => client.docker('compose', ...args)
  const containers = () => containersOf(client.attempt)
  return {
    ...client,
    name,
    env,
    compose,
    containers,
    within: (service, script) => compose('exec', '--no-TTY', service, 'sh', '-c', script),
    url: async (service, inside) => urlOf(await containers(), service, inside),
  }
}

/** The same with other variables. */
export const standWith = ({ name, env }: Stand, change: Stand['env']): Stand =>
  standOf(change.COMPOSE_PROJECT_NAME ?? name, { ...env, ...change })

const isWell = ({ state, health, exitCode }: Container) =>
  state === 'running' ? health === 'healthy' : state === 'exited' && exitCode === 0

/** Whoever is not as it should be: those that last healthy, the others through. */
export const unwell = (containers: readonly Container[]): readonly string[] => [
  ...lasting
    .filter((service) => !containers.some((one) => one.service === service))
    .map((name) => `${name} is missing`),
  ...containers
    .filter((one) => !isWell(one) || (one.state === 'exited' && lasting.includes(one.service)))
    .map(({ service, state, health }) => `${service} is ${health || state}`),
]

/** Waits until everybody is well again. */
export const wellAgain = async (stand: Stand, within = 120_000) => {
  await eventually(
    async () => unwell(await stand.containers()),
    (faults) => faults.length === 0,
    { within, every: 250 },
  )
}

/** The end of the logs of those to blame. */
export const lastWords = async (stand: Stand): Promise<string> => {
  const names = culprits(await stand.containers()).map(({ service }) => service)
  return names.length === 0 ? '' : (await stand.attempt(['compose', 'logs', '--tail', '15', ...names])).output
}
