import { createHash } from 'node:crypto'

/** A user of Redis, as a line of `ACL LIST` describes it. */
export interface RedisUser {
  readonly name: string
  readonly on: boolean
  readonly nopass: boolean
  /** SHA-256 of each password. */
  readonly hashes: readonly string[]
  /** Rules of its commands, in order; those of each selector (Redis 7) are a list of their own. */
  readonly rules: readonly (readonly string[])[]
}

/** @throws Error where it is no line of `ACL LIST` */
export const readUser = (line: string): RedisUser => {
  const [keyword, name, ...words] = line.trim().split(/\s+/)
  if (keyword !== 'user' || name === undefined)
    throw new Error('a user of Redis is described in a form that is not known here')
  const [own, selectors] = apart(words)
  return {
    name,
    on: own.includes('on'),
    nopass: own.includes('nopass'),
    hashes: own.filter((word) => word.startsWith('#')).map((word) => word.slice(1)),
    rules: [own, ...selectors].map((all) => all.flatMap((word) => ruleOf(word))),
  }
}

/** What stands in brackets is a selector. */
const apart = (words: readonly string[]) => {
  const own: string[] = []
  const selectors: string[][] = []
  let inside = own
  for (const word of words) {
    if (word.startsWith('(')) {
      inside = []
      selectors.push(inside)
    }
    inside.push(word.replace(/^\(|\)$/g, ''))
    if (word.endsWith(')')) inside = own
  }
  return [own, selectors] as const
}

const ruleOf = (word: string) => {
  if (word === 'allcommands') return ['+@all']
  if (word === 'nocommands') return ['-@all']
  return /^[+-]/.test(word) ? [word] : []
}

/**
 * Whether a user may run a command with all its subcommands: what is allowed of it one by one, such as `config|get`, is none.
 * @param members the commands of each category, in small letters
 */
export const mayRun = (
  { rules }: RedisUser,
  command: string,
  members: ReadonlyMap<string, ReadonlySet<string>>,
): boolean =>
  rules.some((all) => {
    let may = false
    for (const rule of all) {
      const name = rule.slice(1).toLowerCase()
      const means = name.startsWith('@') ? isIn(command, name.slice(1), members) : name === command
      if (means) may = rule.startsWith('+')
    }
    return may
  })

const isIn = (command: string, category: string, members: ReadonlyMap<string, ReadonlySet<string>>) => {
  if (category === 'all') return true
  const those = members.get(category)
  if (those?.has(command)) return true
  // Newer servers list subcommands in place of the command that holds them.
  return [...(those ?? [])].some((one) => one.startsWith(`${command}|`))
}

/** Whether the server has such a command. */
export const isKnown = (command: string, members: ReadonlyMap<string, ReadonlySet<string>>): boolean =>
  [...members.keys()].some((category) => isIn(command, category, members))

/** Whether one of its passwords is one of these. */
export const hasPassword = ({ name, hashes }: RedisUser, words: readonly string[]): boolean =>
  [name, ...words].some((word) => hashes.includes(createHash('sha256').update(word).digest('hex')))
