import { parseArgs } from 'node:util'
import { type Env, readEnv } from '../config/env.ts'
import { sourceVariables } from '../config/targets.ts'
import { choose, settled } from './choice.ts'
import { composeDeploymentFor } from './deployment.ts'
import { docker, dockerWith } from './docker/call.ts'
import { obtainImages, probeEngine } from './docker/engine.ts'
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
) => {
  const given = sourceVariables.filter((name) => env[name] !== undefined)
  const wish = { docker: wanted, local, tellNobody, given }
  const choice = settled(wish)
  if (choice) return choice
  const engine = await probeEngine({ docker })
  // What is taken is told at once, and not after ten images.
  if (engine.usable) await assertStartable(await dockerFor(env))
  return choose(
    wish,
    engine.usable ? await obtainImages({ docker: await dockerFor(env), say, signal }, engine) : engine,
  )
}

/** Docker, with what watches real services where any are given. */
const dockerFor = async (env: Env) => {
  if (isDemo(env)) return docker
  const { assertGiven, givenVariables } = await import('./docker/given.ts')
  assertGiven(env)
  return dockerWith({ env: givenVariables(env), over: ['docker-compose.targets.yml'] })
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
  const { way, why } = await chooseWay(env, flags)
  const what = isDemo(env) ? 'the demo and its observability stack' : 'the observability stack'
  if (way === 'docker') {
    say(`Starting ${what} in containers (${why})`)
    await configure(env)
    await runInDocker({ docker: await dockerFor(env), env, say, signal })
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
