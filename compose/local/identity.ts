import { chownSync, lstatSync, readdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { run } from './run.ts'

/** As whom a server runs that refuses root, without adding a user to the machine. */
export interface Identity {
  readonly wrap: readonly string[]
  readonly uid?: number
  readonly gid?: number
  /** Whom its files belong to, where `wrap` rather than the spawn changes the user. */
  readonly owner?: { readonly uid: number; readonly gid: number }
}

/** `nobody` in every passwd: a server looks its own user up by number. */
const nobody = 65534
const asNobody = { uid: nobody, gid: nobody }
const unshared = ['unshare', '--user', `--map-user=${nobody}`, `--map-group=${nobody}`]
/** Of root's powers it keeps the one to pass through folders that only root may enter, such as a checkout in /root. */
const passing = [
  'setpriv',
  ...[`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'],
  ...['--inh-caps=+dac_override', '--ambient-caps=+dac_override'],
  // Or access(2), by which initdb looks for its server, would not count that power.
  '--securebits=+no_setuid_fixup',
]

const isRoot = () => process.getuid?.() === 0

/** A container started with a bare number as its user has none, and PostgreSQL insists on one. */
const hasName = () => {
  try {
    return userInfo().username !== ''
  } catch {
    return false
  }
}

/** Tried, not computed: modes, ACLs and mount options all have a say. */
const nobodyReaches = async (binary: string, folder: string) => {
  const reached = await Promise.all([
    run([binary, '--version'], asNobody),
    run(['/bin/sh', '-c', 'cd "$1"', 'sh', folder], asNobody),
  ])
  return reached.every(({ code }) => code === 0)
}

/** The folder must exist. */
export const unprivileged = async (binary: string, folder: string): Promise<Identity> => {
  if (!isRoot() && hasName()) return { wrap: [] }
  if (isRoot() && (await nobodyReaches(binary, folder))) return { wrap: [], ...asNobody }
  const { code, output } = await run([...unshared, binary, '--version'])
  if (code === 0) return { wrap: unshared }
  if (isRoot() && (await run([...passing, binary, '--version'])).code === 0) return { wrap: passing, owner: asNobody }
  const why = isRoot()
    ? `it refuses root, and user ${nobody} (nobody) does not reach it or ${folder}`
    : `user ${process.getuid?.()} has no name in /etc/passwd`
  throw new Error(
    `could not run ${binary}: ${why}. A user namespace, the way out, is refused (${output}). ` +
      'Start as another user, or move the checkout to a folder that others may enter',
  )
}

const chownAll = (path: string, uid: number, gid: number) => {
  chownSync(path, uid, gid)
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inner = join(path, entry.name)
    if (entry.isDirectory()) chownAll(inner, uid, gid)
    else if (entry.isFile()) chownSync(inner, uid, gid)
  }
}

/** Hands a file or folder to the server. A later start may run it as someone else, so this looks at each start. */
export const handOver = (path: string, identity: Identity) => {
  const { uid, gid } = identity.owner ?? identity
  const status = lstatSync(path)
  const me = process.getuid?.() ?? status.uid
  const [owner, group] = [uid ?? me, gid ?? process.getgid?.() ?? status.gid]
  if (status.uid === owner) return
  if (!isRoot()) throw new Error(`${path} belongs to user ${status.uid}: start as that user, or remove it`)
  if (status.isDirectory()) chownAll(path, owner, group)
  else chownSync(path, owner, group)
}
