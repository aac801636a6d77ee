import type { Redis } from './source.ts'

const unpermitted = /^NOPERM (?:User (?<login>\S+) )?/i
const unknown = /^ERR unknown (?:sub)?command/i

/**
 * Asks what a login needs more than `+info` for.
 * @param rule what to grant: `+config|get`
 * @throws Error that says what to grant, where the server refuses
 */
export const asked = async (
  { ask }: Pick<Redis, 'ask'>,
  rule: string,
  ...[command, ...parameters]: readonly [string, ...string[]]
): Promise<unknown> => {
  try {
    return await ask(command, ...parameters)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    const what = rule.slice(1).replace('|', ' ').toUpperCase()
    const denied = unpermitted.exec(message)
    if (denied) {
      const login = denied.groups?.login ?? 'NAME'
      throw new Error(`the login may not run ${what}: run ACL SETUSER ${login} ${rule}`, { cause })
    }
    if (unknown.test(message)) {
      throw new Error(
        `the server has no ${what}: its provider took it away, or rename-command did. Where it is back, it takes ${rule}`,
        { cause },
      )
    }
    throw cause
  }
}

/** A list, or nothing where the server answered something else. */
export const listOf = (reply: unknown): readonly unknown[] => (Array.isArray(reply) ? reply : [])

/** `[name, value, name, value]`, as a table is answered. */
export const tableOf = (reply: unknown): ReadonlyMap<string, unknown> => {
  const list = listOf(reply)
  return new Map(list.flatMap((name, at) => (at % 2 === 0 ? [[String(name), list[at + 1]] as const] : [])))
}
