import { RE2JS } from 're2js'

interface Pattern {
  /** Whether it matches the whole text. */
  test(text: string): boolean
}

const known = new Map<string, Pattern | undefined>()
/** Silences come and go: what those of years ago said is not kept for ever. */
const most = 10_000

/** A pattern in the syntax of Go. Undefined where it is none. */
export const patternOf = (source: string): Pattern | undefined => {
  if (known.has(source)) return known.get(source)
  if (known.size >= most) known.clear()
  const made = compiled(source)
  known.set(source, made)
  return made
}

const compiled = (source: string): Pattern | undefined => {
  try {
    // Alertmanager puts it between these, and so a pattern may have its own flags.
    const pattern = RE2JS.compile(`^(?:${source})$`)
    return { test: (text) => pattern.matches(text) }
  } catch {
    // Alertmanager takes none that does not compile; whatever this one covers is not for us to guess.
    return undefined
  }
}
