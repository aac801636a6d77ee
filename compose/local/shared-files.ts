import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.ts'

/**
 * Debian compiles the path of some files into the program (Alertmanager's templates, Prometheus' web pages). For a
 * program that is unpacked and not installed, a mount namespace of its own shows it the unpacked /usr/share over the
 * system's. Where the kernel refuses an overlay, the unpacked one alone does.
 */
const script = [
  'mount -t overlay overlay -o "ro,lowerdir=$1:/usr/share" /usr/share 2>/dev/null || mount --bind "$1" /usr/share || exit',
  'shift',
  'exec "$@"',
].join('\n')

const isRoot = () => process.getuid?.() === 0

/**
 * What to put before the program so that it sees `file` of /usr/share; undefined where that is forbidden.
 * @param over another version's, where the system has one
 */
export const showShared = async (
  share: string,
  file: string,
  { over = false } = {},
): Promise<readonly string[] | undefined> => {
  const inPlace = join('/usr/share', file)
  if (existsSync(inPlace) && !over) return []
  const wrap = ['unshare', isRoot() ? '--mount' : '--map-root-user', '--mount', '/bin/sh', '-c', script, 'sh', share]
  const { code } = await run([...wrap, 'test', '-e', inPlace])
  return code === 0 ? wrap : undefined
}

/** For want of a namespace: a program that cannot do without. Root may put the files where it looks. */
export const copyShared = (share: string, folder: string, say: (line: string) => void) => {
  const [from, to] = [join(share, folder), join('/usr/share', folder)]
  if (!isRoot()) {
    throw new Error(
      `${to} is missing and mount namespaces are forbidden here. Type: sudo mkdir -p ${to} && sudo cp -r ${from}/. ${to}`,
    )
  }
  say(`Copying ${from} to ${to}: mount namespaces are forbidden here`)
  cpSync(from, to, { recursive: true })
}
