import { parseArgs } from 'node:util'
import { type Env, readEnv } from '../config/env.ts'
import { sourceVariables } from '../config/targets.ts'
import { type Choice, choose, settled } from './choice.ts'
import { composeDeploymentFor } from './deployment.ts'
import { type Docker, docker, dockerWith } from './docker/call.ts'
import { obtainImages, probeEngine } from './docker/engine.ts'
import { filesFor } from './docker/files.ts'
import { assertStartable, runInDocker } from './docker/way.ts'
import { isDemo, secretsDirOf } from './plan.ts'

const say = (line: string) => console.log(line)

/** Aborts when somebody wants the end. Asked twice, they are in a hurry: whatever is under way ends with this process. */
const asked = new AbortController()
const { signal } = asked

const readFlags = () => {
  const flag = { type: 'boolean', default: false } as const
  return parseArgs({ options: { docker: flag, local: flag, 'tell-nobody': flag } }).values
}

const chooseWay = async (
  env: Env,
  { docker: wanted, local, 'tell-nobody': tellNobody }: ReturnType<typeof readFlags>,
): Promise<{ readonly choice: Choice; readonly docker: Docker }> => {
  const given = sourceVariables.filter((name) => env[name] !== undefined)
  const wish = { docker: wanted, local, tellNobody, given }
  const choice = settled(wish)
  if (choice) return { choice, docker }
  const engine = await probeEngine({ docker })
  if (!engine.usable) return { choice: choose(wish, engine), docker }
  const ours = await dockerFor(env)
  // What is taken is told at once, and not after ten images.
  const images = await assertStartable(ours)
  // Where containers are asked for there is no other way, which would ask something else of the secrets.
  if (wanted) await assertSecretsOf(env)
  return { choice: choose(wish, await obtainImages({ docker: ours, images, say, signal }, engine)), docker: ours }
}

/** Docker, with the files of what is watched and of where that is stored. */
const dockerFor = async (env: Env) => {
  const files = { over: filesFor(env) }
  if (isDemo(env)) return dockerWith({ env: {}, files })
  const { assertGiven, givenVariables } = await import('./docker/given.ts')
  assertGiven(env)
  return dockerWith({ env: givenVariables(env), files })
}

/** What the containers read. */
const configure = async (env: Env) => {
  if (isDemo(env)) {
    const { assertReadable, refreshGenerated } = await import('./docker/mounts.ts')
    refreshGenerated(say, { deployment: composeDeploymentFor(env) })
    assertReadable()
  } else {
    const { writeGiven } = await import('./docker/given.ts')
    writeGiven(env, say)
  }
  await assertSecretsOf(env)
}

/** What Alertmanager reads in its container. */
const assertSecretsOf = async (env: Env) => {
  const { assertSecrets } = await import('./secret-files.ts')
  assertSecrets({ secretsDir: secretsDirOf(env), needed: !isDemo(env), container: true })
}

/** What needs the whole model is imported here, so that a fault found while it is built is told in the same plain line. */
const run = async () => {
  const env = readEnv()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => (signal.aborted ? process.exit(1) : asked.abort()))
  }
  const flags = readFlags()
  const {
    choice: { way, why },
    docker,
  } = await chooseWay(env, flags)
  const what = isDemo(env) ? 'the demo and its observability stack' : 'the observability stack'
  if (way === 'docker') {
    say(`Starting ${what} in containers (${why})`)
    await configure(env)
    await runInDocker({ docker, env, say, signal })
  } else {
    say(`Starting ${what} as local processes (${why})`)
    const { runLocally } = await import('./local-way.ts')
    await runLocally({ env, tellNobody: flags['tell-nobody'], say, signal })
  }
}

run().catch((fault: unknown) => {
  // Whatever fails once somebody wants the end fails because of it.
  if (signal.aborted) return
  console.error(fault instanceof Error ? fault.message : String(fault))
  process.exitCode = 1
})
