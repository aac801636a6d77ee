import { answer } from './answer.ts'
import type { Asked } from './asked.ts'
import type { Moments } from './feed.ts'

/** Who would notice that a name is missing. */
export type Witnesses = ReadonlyMap<string, Asked>

const isWord = (name: string) => new RegExp(`(?<![\\w:])${name}(?![\\w:])`, 'g')

/**
 * For each name a query whose answer depends on it, and on as few others as there can be. Where nothing of a name is, is found
 * out by asking for one that nobody has.
 */
export const witnesses = async (
  url: string,
  names: readonly string[],
  all: readonly Asked[],
  moments: Moments,
): Promise<Witnesses> => {
  const found = new Map<string, Asked>()
  for (const name of names) {
    const readers = all.filter(({ reads }) => reads.includes(name)).toSorted((a, b) => a.reads.length - b.reads.length)
    for (const one of readers) {
      const without = { ...one, promql: one.promql.replace(isWord(name), `${name}_of_nobody`) }
      const [there, gone] = [await answer(url, one, moments), await answer(url, without, moments)]
      if (there.length !== gone.length || there.join() !== gone.join()) {
        found.set(name, one)
        break
      }
    }
  }
  return found
}

/**
 * Names that can be left out together: each has a witness that reads none of the others, and so tells of the one as if that alone
 * were left out.
 */
export const together = (found: Witnesses): readonly (readonly string[])[] => {
  const groups: string[][] = []
  for (const [name, { reads }] of found) {
    const group = groups.find((others) =>
      others.every((other) => !reads.includes(other) && !found.get(other)?.reads.includes(name)),
    )
    if (group) group.push(name)
    else groups.push([name])
  }
  return groups
}
