import { userInfo } from 'node:os'
import { wordsOf } from '../../exporters/failure.ts'
import { Refused } from '../job.ts'
import { findProgram, output } from '../program.ts'

/** A command that only root may run, by its full path. */
export type Command = readonly [path: string, ...args: string[]]

interface Options {
  readonly commands: readonly Command[]
  readonly signal: AbortSignal
  /** Whose rights there are; the user's who runs this, but in tests. */
  readonly user?: { readonly uid: number; readonly username: string }
  readonly sudo?: string | undefined
}

/** What sudo would read otherwise: see `man sudoers`. */
const escaped = (word: string) => word.replaceAll(/[\\:,=]/g, (sign) => `\\${sign}`)

/** One line that lets a user run these commands, as they are written here, and no others. */
export const sudoersLine = (username: string, commands: readonly Command[]): string =>
  `${username} ALL=(root) NOPASSWD: ${commands
    .map(([path, ...args]) => [escaped(path), ...(args.length > 0 ? args.map(escaped) : ['""'])].join(' '))
    .join(', ')}`

/**
 * What has to stand before a command so that root runs it: nothing where this is root.
 * @throws Refused with the line that /etc/sudoers.d needs, where this user may not
 */
export const rootPrefix = async ({ commands, signal, user = userInfo(), sudo = findProgram('sudo') }: Options) => {
  if (user.uid === 0) return []
  const line = `write this line into /etc/sudoers.d/techplus (visudo -f): ${sudoersLine(user.username, commands)}`
  if (sudo === undefined)
    throw new Refused([`only root installs updates of the system, and there is no sudo: install it, and ${line}`])
  for (const command of commands) {
    await output([sudo, '-n', '-l', ...command], { signal }).catch((cause: unknown) => {
      signal.throwIfAborted()
      throw new Refused([`${user.username} may not run ${command.join(' ')} as root (${wordsOf(cause)}): ${line}`], {
        cause,
      })
    })
  }
  return [sudo, '-n']
}
