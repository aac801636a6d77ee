import type { Redact } from './thrown.ts'

/** Causes that are told, of causes. */
const deepest = 5

/** What Node itself would print of what nobody caught: the stack, and those of its causes. Redacted. */
export const lastWords = (what: Error | string, redact: Redact): string => {
  const text = typeof what === 'string' ? `Uncaught ${what}` : stacksOf(what).join('\n[cause]: ')
  const safe = redact(text)
  return typeof safe === 'string' ? safe : 'Uncaught: an error that could not be made safe to be shown'
}

const stacksOf = (error: unknown, depth = 0): readonly string[] => {
  if (depth === deepest || !(error instanceof Error)) return []
  return [error.stack ?? String(error), ...stacksOf(error.cause, depth + 1)]
}
