import { remainder } from '../reading.ts'
import { commandLimit } from './bounded.ts'

/** One call in the slow log. Ids count up from 0 from the start of the server on; emptying the log leaves them. */
export interface Entry {
  readonly id: number
  readonly microseconds: number
  readonly command: string
}
interface Total {
  entries: number
  microseconds: number
}

/**
 * Counts each entry once, whenever it is read.
 * @param window entries of which the longest is told
 */
export const slowCounter = ({ window }: { readonly window: number }) => {
  const totals = new Map<string, Total>()
  const known = new Set<string>()
  let recent: readonly Entry[] = []
  let server: string | undefined
  let begun = false
  /** The id counted last; undefined while the log was only ever seen empty. */
  let last: number | undefined

  /** Only what the server itself calls a command: a renamed one bears a name that is a secret. */
  const nameOf = ({ command }: Entry) => {
    const shown = totals.has(command) || (known.has(command) && totals.size < commandLimit)
    return shown ? command : remainder
  }
  const totalOf = (command: string) => {
    const total = totals.get(command) ?? { entries: 0, microseconds: 0 }
    totals.set(command, total)
    return total
  }

  return {
    /** How many entries there are to read, given the newest. */
    missing: (run: string, newest: Entry | undefined): number => {
      // Another server, or the same started anew, whose ids begin again at 0.
      const anew = server !== undefined && (server !== run || (newest?.id ?? Infinity) < (last ?? 0))
      if (anew) {
        last = -1
        recent = []
      }
      server = run
      if (!newest) return 0
      if (!begun) return window
      return last === undefined ? Infinity : newest.id - last
    },
    /** Adds entries, among which there may be some that were counted before. */
    add: (entries: readonly Entry[], commands: ReadonlySet<string>) => {
      for (const command of commands) known.add(command)
      totalOf(remainder)
      const before = last
      const fresh = entries.filter(({ id }) => before === undefined || id > before)
      last = fresh.reduce<number | undefined>((highest, { id }) => Math.max(highest ?? id, id), before)
      recent = [...fresh.toSorted((a, b) => b.id - a.id), ...recent].slice(0, window)
      for (const entry of fresh) {
        const total = totalOf(nameOf(entry))
        // What stood there before the exporter read it for the first time may have been counted by the one before it.
        if (!begun) continue
        total.entries += 1
        total.microseconds += entry.microseconds
      }
      if (begun && before !== undefined && last !== undefined) {
        totalOf(remainder).entries += last - before - fresh.length
      }
      begun = true
    },
    totals: (): ReadonlyMap<string, Readonly<Total>> => totals,
    longest: (): ReadonlyMap<string, number> => {
      const longest = new Map<string, number>()
      for (const entry of recent) {
        longest.set(nameOf(entry), Math.max(entry.microseconds, longest.get(nameOf(entry)) ?? 0))
      }
      return longest
    },
  }
}
