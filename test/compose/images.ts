import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { lastLine } from '../../compose/docker/call.ts'
import { images } from '../../compose/images.ts'
import { clientOf } from './client.ts'
import type { Engine } from './engine.ts'
import { importImage, standInLabel, unpack } from './image.ts'
import { type StandIn, standIns } from './standins.ts'

type Say = (line: string) => void

const missing = async (engine: Engine) => {
  const { attempt } = clientOf({ env: engine.env, cwd: '/' })
  const found = await Promise.all(
    Object.values(images).map(
      async (image) => [image, (await attempt(['image', 'inspect', image])).code === 0] as const,
    ),
  )
  return found.flatMap(([image, there]) => (there ? [] : [image]))
}

/** Pulls what is not there. A registry that cannot be reached is asked once. */
const pulled = async (engine: Engine, wanted: readonly string[]) => {
  const { attempt } = clientOf({ env: engine.env, cwd: '/' })
  for (const image of wanted) {
    const { code, complaint } = await attempt(['pull', '--quiet', image])
    if (code !== 0) return lastLine(complaint)
  }
  return undefined
}

const makeMissing = async (engine: Engine, folder: string, wanted: readonly string[], say: Say) => {
  mkdirSync(folder, { recursive: true })
  for (const standIn of standIns.filter(({ image }) => wanted.includes(image))) {
    const root = await unpack(join(folder, 'packages'), standIn, say)
    await importImage(engine, root, standIn, folder)
  }
}

/** Which release really runs under the name. */
const wordsOf = async ({ env }: Engine, { image, version: [program = '', ...args] }: StandIn) => {
  const { docker } = clientOf({ env, cwd: '/' })
  const label = await docker('inspect', '--format', `{{index .Config.Labels "${standInLabel}"}}`, image)
  if (label !== 'true') return `\`${image}\` itself`
  const output = await docker('run', '--rm', '--network=none', '--entrypoint', program, image, ...args)
  return `for \`${image}\` ${/\d+\.\d+[\w.]*/.exec(output)?.[0] ?? output}`
}

/**
 * Every image of the table: from a registry, or made here of Debian's packages under its name. In an engine that somebody
 * else uses none is made: there, such a name is to be what it says.
 */
export const obtain = async (engine: Engine, folder: string, say: Say): Promise<string> => {
  const why = await pulled(engine, await missing(engine))
  const wanted: readonly string[] = await missing(engine)
  if (wanted.length > 0) {
    if (!engine.own)
      throw new Error(`the engine that runs here lacks ${wanted.join(', ')} and cannot pull them: ${why}`)
    say(`No registry is reached (${why}): images are made of Debian's packages`)
    await makeMissing(engine, folder, wanted, say)
  }
  return (await Promise.all(standIns.map((standIn) => wordsOf(engine, standIn)))).join(', ')
}
