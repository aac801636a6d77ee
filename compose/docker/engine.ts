import type { Engine } from '../choice.ts'
import { findProgram, pathFolders } from '../local/run.ts'
import { type Answer, type Docker, lastLine } from './call.ts'

interface Probe {
  readonly docker: Docker
  /** Whether there is a program of that name. */
  readonly has?: (program: string) => boolean
}

interface Obtain {
  readonly docker: Docker
  /** Those that a registry gives. */
  readonly images: readonly string[]
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** The first compose that takes a file of variables which is not there; `up --wait` lets one-shot services end since 2.20.2. */
const oldestCompose = [2, 24] as const
/** The oldest that was tried (docs/proof/boot.md); before it, limits of processes and `init` were others. */
const oldestEngine = [20, 10] as const
/** An engine that hangs answers nothing, and a registry that is cut off is waited for by the engine for long. */
const patience = 20_000

const onPath = (program: string) => findProgram([program], pathFolders()) !== undefined
const no = (why: string): Engine => ({ usable: false, why })
const whyNot = ({ complaint, output, code }: Answer) =>
  lastLine(complaint || output) || `docker ended with code ${code}`

/** Whether containers can be run here. */
export const probeEngine = async ({ docker, has = onPath }: Probe): Promise<Engine> => {
  if (!has('docker')) return no('there is no docker on PATH')
  const compose = await docker(['compose', 'version', '--short'], { within: patience })
  if (compose.code !== 0) return no('docker has no compose plugin (compose v2)')
  if (isOlder(compose.output, oldestCompose)) {
    return no(`its compose is ${compose.output}, and ${oldestCompose.join('.')} is the oldest that will do`)
  }
  const engine = await docker(['info', '--format', '{{.ServerVersion}} {{.OSType}}'], { within: patience })
  const [version, system] = engine.output.split(' ')
  // Some clients end well without an engine, and complain in the answer.
  if (engine.code !== 0 || !version) return no(`no Docker engine answers (${whyNot(engine)})`)
  if (isOlder(version, oldestEngine)) {
    return no(`the Docker engine is ${version}, and ${oldestEngine.join('.')} is the oldest that will do`)
  }
  if (system !== 'linux') return no(`the Docker engine runs containers of ${system}, and these are of linux`)
  return { usable: true, version }
}

const isOlder = (version: string, [oldMajor, oldMinor]: readonly [number, number]) => {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  return major < oldMajor || (major === oldMajor && minor < oldMinor)
}

/** Pulls the images that are not here, and builds ours. Where that fails, the engine is of no use to us. */
export const obtainImages = async ({ docker, images, say, signal }: Obtain, engine: Engine): Promise<Engine> => {
  for (const image of images) {
    if ((await docker(['image', 'inspect', image], { within: patience })).code === 0) continue
    say(`Pulling ${image} ...`)
    const pull = await docker(['pull', image], { within: patience, firstWordWillDo: true, signal })
    signal.throwIfAborted()
    if (pull.code !== 0) return no(`the image ${image} cannot be pulled: ${whyNot(pull)}`)
  }
  say('Building our own images ...')
  const build = await docker(['compose', 'build'], { shown: true, signal })
  signal.throwIfAborted()
  return build.code === 0 ? engine : no('our own images cannot be built, as said above')
}
