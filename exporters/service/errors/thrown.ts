import { inspect, types } from 'node:util'

/** Takes what is personal or secret out of a value of any kind, and leaves its shape. */
export type Redact = (value: unknown) => unknown

const longest = 2_000
/** Runs no code of what it shows: no getter, no trap of a Proxy, no inspector of its own. */
const shown = {
  depth: 3,
  customInspect: false,
  showProxy: true,
  maxArrayLength: 20,
  maxStringLength: longest,
  breakLength: Number.POSITIVE_INFINITY,
} as const

/** Anything can be thrown, also what throws when it is looked at. */
const isError = (thrown: unknown): thrown is Error => {
  try {
    return !types.isProxy(thrown) && (types.isNativeError(thrown) || thrown instanceof Error)
  } catch {
    return false
  }
}

const wordsOf = (thrown: unknown, redact: Redact) => {
  // Of a string, an object and a function there may be something to take out.
  if (thrown === null || !['string', 'object', 'function'].includes(typeof thrown)) return String(thrown)
  try {
    const safe = redact(thrown)
    return (typeof safe === 'string' ? safe : inspect(safe, shown)).slice(0, longest)
  } catch {
    return `a value that cannot be read, of type ${typeof thrown}`
  }
}

/** An Error as it is; of everything else what it was, in words, redacted. */
export const readable = (thrown: unknown, redact: Redact): Error | string =>
  isError(thrown) ? thrown : wordsOf(thrown, redact)

/** The same as an Error. One made of words has no stack: where they were made into it says nothing. */
export const asError = (thrown: Error | string): Error => {
  if (typeof thrown !== 'string') return thrown
  const error = new Error(thrown)
  error.name = 'NotAnError'
  error.stack = `${error.name}: ${thrown}`
  return error
}
