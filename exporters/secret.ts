import { readFileSync, statSync } from 'node:fs'
import { wordsOf } from './failure.ts'

/** A value that may change while the program runs: what it is now. */
export type Secret = () => string
/** One line for the log. */
export type Tell = (words: string) => void

interface FreshOptions<T> {
  /** What the log calls it, such as a variable. */
  readonly name: string
  readonly files: readonly string[]
  /** Throws where the texts will not do; its words must not repeat them. */
  readonly make: (texts: readonly string[]) => T
  readonly tell: Tell
}

/**
 * What files say now. They are read at every call, as they are small: a changed content never waits for a clock, and a
 * symbolic link that is turned to another folder, as Kubernetes does it, is followed. While they cannot be used, what
 * they said last holds, and the log says so once.
 * @throws Error at once, where they cannot be used from the start
 */
export const fresh = <T>({ name, files, make, tell }: FreshOptions<T>): (() => T) => {
  let fault: string | undefined
  const read = () => files.map((file) => readFileSync(file, 'utf8'))
  const first = () => {
    try {
      const texts = read()
      return { texts, value: make(texts) }
    } catch (cause) {
      throw new Error(`could not use ${files.join(' and ')} of ${name}: ${wordsOf(cause)}`, { cause })
    }
  }
  let known = first()
  warnOfOpen(name, files, tell)
  return () => {
    try {
      const texts = read()
      if (texts.some((text, at) => text !== known.texts[at])) {
        known = { texts, value: make(texts) }
        warnOfOpen(name, files, tell)
      }
      if (fault !== undefined) tell(`${files.join(' and ')} of ${name} can be used again`)
      fault = undefined
    } catch (cause) {
      const told = `could not use ${files.join(' and ')} of ${name}: ${wordsOf(cause)}. What it held before stays in use`
      if (told !== fault) tell(told)
      fault = told
    }
    return known.value
  }
}

interface SecretOptions {
  /** The variable. */
  readonly name: string
  /** What was read when the program began. */
  readonly value: string
  /** Where it came from, if it came by file. */
  readonly file: string | undefined
  /** What is wrong with a later content. */
  readonly faultOf: (value: string) => string | undefined
  readonly tell: Tell
}

/** A value of the environment; what a file holds at each call, where it came by file. */
export const secretOf = ({ name, value, file, faultOf, tell }: SecretOptions): Secret => {
  if (file === undefined) return () => value
  const make = ([text = '']: readonly string[]) => {
    const now = text.trim()
    // Also what a program that is about to write it leaves for a moment.
    if (now === '') throw new Error('it is empty')
    const wrong = faultOf(now)
    if (wrong !== undefined) throw new Error(`what it holds ${wrong}`)
    return now
  }
  return fresh({ name: `${name}_FILE`, files: [file], make, tell })
}

/** Where containers have their secrets mounted: nobody else is in there, and the mount sets the mode. */
const mounted = /^(\/var)?\/run\/secrets\//

/** What shuts other users out of a file, where they are not. */
export const remedyFor = ({ file, mode, text }: { file: string; mode: number; text: string }): string | undefined => {
  // A certificate is no secret, but the key that may stand below it is.
  const isPublic = text.includes('-----BEGIN CERTIFICATE') && !text.includes('PRIVATE KEY')
  const [open, mend] = isPublic ? [0o022, 'go-w'] : [0o077, 'go=']
  return mode & open && !mounted.test(file) ? `chmod ${mend} ${file}` : undefined
}

/** Refused it is not: a volume of secrets has mode 0444 or 0644, wherever it is mounted. */
const warnOfOpen = (name: string, files: readonly string[], tell: Tell) => {
  for (const file of files) {
    const mode = statSync(file).mode & 0o777
    const mend = remedyFor({ file, mode, text: readFileSync(file, 'utf8') })
    if (mend) tell(`other users get at ${file} of ${name}: its mode is ${mode.toString(8)}. Type: ${mend}`)
  }
}
