import { join, resolve } from 'node:path'
import type { Env } from '../../config/env.ts'
import { folderPlace } from '../backup/folder.ts'
import { completeIn } from '../backup/place.ts'

/** As a shell reads it as one word. */
const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)

/**
 * What a human types to get back what the backup before an update holds, into a database beside the live one. No password
 * is among it.
 * @param since when the backup was begun, in milliseconds of Unix time: the first one from then on is meant
 */
export const restoreWords = async (env: Env, since: number, signal: AbortSignal): Promise<string> => {
  const all = await completeIn(folderPlace(env.BACKUP_DIR), 'database', signal).catch(() => [])
  const found = all.filter(({ taken }) => taken >= Math.floor(since / 1_000) * 1_000).at(-1)
  const name = found?.manifest.replace(/\.manifest\.json$/, '.dump.gz.age') ?? 'THE-BACKUP.dump.gz.age'
  const file = quoted(join(resolve(env.BACKUP_DIR), 'database', name))
  const key = quoted(env.files.BACKUP_IDENTITY ?? 'KEY-FILE')
  const { hostname, port, username, pathname, searchParams } = new URL(
    env.JOBS_DATABASE_URL ?? 'postgres://HOST/DATABASE',
  )
  // A folder of sockets stands behind the address, and an address of IPv6 in brackets.
  const host = searchParams.get('host') ?? hostname.replace(/^\[(.*)\]$/, '$1')
  const server = `-h ${quoted(host)} -p ${port || '5432'} -U ${quoted(decodeURIComponent(username) || 'USER')}`
  const scratch = quoted(`${decodeURIComponent(pathname.slice(1))}_before`)
  const commands = [
    `createdb ${server} ${scratch}`,
    `age -d -i ${key} ${file} | gunzip | pg_restore --exit-on-error --no-owner ${server} -d ${scratch}`,
  ]
  return `${commands.join(' && ')}    (what was booked since ${new Date(since).toISOString()} is not in it: compare, and stop the API before you rename one database to the other)`
}
