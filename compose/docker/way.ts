import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Env } from '../../config/env.ts'
import { attend } from '../attend.ts'
import { composeDeployment } from '../deployment.ts'
import { assertPortsFree } from '../local/ports.ts'
import { givenDeploymentOf, isDemo, secretsDirOf, unsetPublicUrls } from '../plan.ts'
import { hints } from '../summary.ts'
import { type Docker, lastLine } from './call.ts'
import { type Container, rowsOf, urlOf } from './parts.ts'
import { assertAlone, containersOf, culprits, readProject } from './project.ts'

interface DockerOptions {
  readonly docker: Docker
  readonly env: Env
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** In seconds, from the first container to the last healthy one; images are there before. */
const patience = 300
const logLines = 15

/** What can be told before anything is fetched: a name or a port that is taken. Returns the images that are to be fetched. */
export const assertStartable = async (docker: Docker): Promise<readonly string[]> => {
  const { name, ports, images } = await readProject(docker)
  await assertAlone(docker, name)
  await assertPortsFree(ports)
  return images
}

/** The stack in containers, from start to end. Its volumes, and with them its data, stay. */
export const runInDocker = async (options: DockerOptions): Promise<void> => {
  const { docker, say, signal } = options
  try {
    const { services } = await readProject(docker)
    await up(options, services)
    const containers = await containersOf(docker)
    const urlWhere = (service: string, port: number) =>
      services.includes(service) ? urlOf(containers, service, port) : undefined
    const [pager, mimir] = [urlWhere('api', 9095), urlWhere('mimir', 8080)]
    const rows = async () => rowsOf(await containersOf(docker), services)
    await attend({
      prometheus: urlOf(containers, 'prometheus', 9090),
      evaluating: mimir && `${mimir}/prometheus`,
      pager,
      rows,
      notes: notes(options, pager),
      say,
      signal,
    })
  } finally {
    say('Stopping the containers ...')
    // Not by the signal, which is what asked for it: a second Ctrl-C leaves this to end by itself.
    const { code, complaint } = await docker(['compose', 'down'])
    if (code === 0) say('Everything is stopped. The data stays; docker compose down --volumes removes it.')
    else console.error(`could not stop the containers (${lastLine(complaint)}). Type: docker compose down`)
  }
}

/** What compose tells of itself. */
const progress = /^\s*(Container|Network|Volume) \S+\s+\w+$/

/** By itself, so that nothing runs yet. */
const assertVolumeFits = async ({ docker, signal }: DockerOptions) => {
  const { code, complaint } = await docker(['compose', 'run', '--rm', '--no-deps', '--no-TTY', 'postgres-volume'], {
    signal,
  })
  signal.throwIfAborted()
  if (code !== 0) {
    throw new Error(
      complaint
        .split('\n')
        .filter((line) => !progress.test(line))
        .join('\n'),
    )
  }
}

const up = async (options: DockerOptions, services: readonly string[]) => {
  const { docker, say, signal } = options
  if (services.includes('postgres-volume')) await assertVolumeFits(options)
  const wait = ['--detach', '--no-build', '--wait', '--wait-timeout', String(patience)]
  const { code, complaint } = await docker(['compose', 'up', ...wait], { shown: true, signal })
  signal.throwIfAborted()
  if (code === 0) return
  const failed = culprits(await containersOf(docker))
  for (const container of failed) {
    const { service } = container
    const log = ['compose', 'logs', '--no-color', '--no-log-prefix', '--tail', String(logLines), service]
    say(
      `\n${service} ${fateOf(container)}. The end of its log:\n  ${(await docker(log)).output.replaceAll('\n', '\n  ')}`,
    )
  }
  const names = failed.map(({ service }) => service).join(', ')
  throw new Error(
    names
      ? `could not start ${names}: see above`
      : `could not start the containers: ${lastLine(complaint) || 'see above'}`,
  )
}

const fateOf = ({ state, health, exitCode }: Container) => {
  if (state === 'exited') return `ended with code ${exitCode}`
  return state === 'running' && health === 'starting' ? 'does not become healthy' : `is ${health || state}`
}

const notes = ({ env }: DockerOptions, pager: string | undefined) => {
  const secretsDir = secretsDirOf(env)
  const deployment = {
    ...(isDemo(env) ? composeDeployment : givenDeploymentOf(env)),
    ...(pager && { pager }),
    secretsDir,
    hasSecret: (name: string) => existsSync(join(secretsDir, name)),
  }
  return hints(deployment, { demo: isDemo(env), withoutSecret: 'tells nobody', unsetPublicUrls: unsetPublicUrls(env) })
}
