import type { Program } from '../../../compose/local/find-program.ts'
import { workshop } from '../../integration/servers.ts'
import { difference } from './answer.ts'
import type { Asked } from './asked.ts'
import { type Witnesses, witnesses } from './removal.ts'
import { scene } from './scene.ts'

/** As many receivers as one machine runs side by side. */
const atOnce = 14

const inParts = <T>(all: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, part) => all.slice(part * size, (part + 1) * size))

/** Which query each name is needed for; of what only shows over hours there is none. */
export const neededFor = async (
  program: Program,
  names: readonly string[],
  all: readonly Asked[],
): Promise<Witnesses> => {
  const shop = workshop()
  const played = await scene(shop, program)
  try {
    await played.settle()
    return await witnesses(played.source.url, names, all, played.moments)
  } finally {
    await played.end()
    await shop.end()
  }
}

/** A receiver for each of these names, which gets all the others. Returns those whose lack nobody was told of, and those that got all and answer otherwise. */
const leftOut = async (program: Program, part: readonly (readonly [string, Asked])[]): Promise<readonly string[]> => {
  const shop = workshop()
  const played = await scene(shop, program)
  try {
    const whole = await played.receiver()
    const without = await Promise.all(
      part.map(async ([name]) => ({ url: (await played.receiver()).url, without: [name] })),
    )
    await played.write({ url: whole.url }, ...without)
    await played.settle()
    const { url } = played.source
    const faults: string[] = []
    for (const [place, [name, witness]] of part.entries()) {
      const alone = without[place]?.url ?? ''
      if (await difference([url, whole.url], witness, played.moments))
        faults.push(`${witness.name} differs with all names`)
      if (!(await difference([url, alone], witness, played.moments)))
        faults.push(`${name} was left out, and nobody noticed`)
    }
    return faults
  } finally {
    await played.end()
    await shop.end()
  }
}

/** Leaves out each name by itself, on servers of its own. */
export const eachLeftOut = async (
  program: Program,
  found: Witnesses,
  say: (line: string) => void,
): Promise<readonly string[]> => {
  const faults: string[] = []
  let done = 0
  for (const part of inParts([...found], atOnce)) {
    faults.push(...(await leftOut(program, part)))
    done += part.length
    say(`${done} of ${found.size} names were left out, each alone: ${faults.length} faults`)
  }
  return faults
}
