import { readdir, readFile, readlink } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { isCode, wordsOf } from '../../exporters/failure.ts'
import { type Listening, readListening } from './listening.ts'

/** A socket, and the program that holds it where that can be seen. */
export interface Held extends Listening {
  readonly program: string | undefined
}

const tables = [
  ['tcp', 'tcp'],
  ['tcp', 'tcp6'],
  ['udp', 'udp'],
  ['udp', 'udp6'],
] as const

/**
 * What listens on this machine, in the network that this process sees: in a container that is the container's.
 * @throws Error where the system does not tell
 */
export const listening = async (apartMs: number, signal: AbortSignal, proc = '/proc'): Promise<readonly Held[]> => {
  const before = new Set((await look(proc)).map(({ inode }) => inode))
  await delay(apartMs, undefined, { signal })
  const both = (await look(proc)).filter(({ inode }) => before.has(inode))
  const programs = await programsOf(new Set(both.map(({ inode }) => inode)), proc, signal)
  return both.map((one) => ({ ...one, program: programs.get(one.inode) }))
}

const look = async (proc: string) => {
  const read = async ([protocol, name]: (typeof tables)[number]) => {
    try {
      return readListening(protocol, await readFile(`${proc}/net/${name}`, 'utf8'))
    } catch (cause) {
      // A machine without IPv6 has no table of it.
      if (name.endsWith('6') && isCode(cause, 'ENOENT')) return []
      throw new Error(`this system does not tell what listens on it: ${wordsOf(cause)}`, { cause })
    }
  }
  return (await Promise.all(tables.map(read))).flat()
}

/** Which program holds each socket. The processes of others show theirs to root alone. */
const programsOf = async (wanted: ReadonlySet<string>, proc: string, signal: AbortSignal) => {
  const found = new Map<string, string>()
  for (const pid of (await readdir(proc)).filter((name) => /^\d+$/.test(name))) {
    signal.throwIfAborted()
    // It may be gone by now, or be somebody else's.
    const files = await readdir(`${proc}/${pid}/fd`).catch(() => [])
    const links = await Promise.all(files.map((file) => readlink(`${proc}/${pid}/fd/${file}`).catch(() => '')))
    const sockets = links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.slice(1) ?? [])
    const held = sockets.filter((inode) => wanted.has(inode))
    if (held.length === 0) continue
    const name = (await readFile(`${proc}/${pid}/comm`, 'utf8').catch(() => '')).trim()
    if (name !== '') for (const inode of held) found.set(inode, name)
  }
  return found
}
