import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { artefacts } from '../artefacts.ts'
import { composeDeployment } from '../deployment.ts'
import { differences, writeGenerated } from '../generated-files.ts'
import { root } from '../plan.ts'

/** Containers read what is committed: it is brought up to date with config/, which is its source, and not in silence. */
export const refreshGenerated = (
  say: (line: string) => void,
  { folder = join(root, 'compose/generated'), deployment = composeDeployment } = {},
): void => {
  const wanted = artefacts(deployment)
  const found = differences(wanted, folder)
  if (found.length === 0) return
  for (const line of found) say(`compose/generated/${line}`)
  writeGenerated(wanted, folder)
  say('compose/generated is generated anew, because it is not what config/ and the public URLs say. Commit it.')
}

/** The user that the exporter runs as in its container. */
const contained = 1000

/** What to do so that the exporter can read a file of this machine in its container; undefined where it can. */
export const shutFromContainer = (file: string): string | undefined => {
  const { uid, mode } = statSync(file)
  const readable = (mode & 0o004) !== 0 || (uid === contained && (mode & 0o400) !== 0)
  return readable || process.platform !== 'linux'
    ? undefined
    : `the exporter, user ${contained} in its container, cannot read ${file}. Type: sudo chown ${contained} ${file}`
}

const below = (path: string): readonly string[] =>
  statSync(path).isDirectory() ? [path, ...readdirSync(path).flatMap((name) => below(join(path, name)))] : [path]

/** Files and folders that a user of another number, as every container is, cannot read. */
export const shutFrom = (folder: string): readonly string[] =>
  existsSync(folder)
    ? below(folder).filter((path) => {
        const status = statSync(path)
        const needed = status.isDirectory() ? 0o005 : 0o004
        return (status.mode & needed) !== needed
      })
    : []

/** A mount keeps the modes of the host, but for Docker's own virtual machines on macOS and Windows. */
export const assertReadable = (folder = join(root, 'compose/generated')): void => {
  const [first] = process.platform === 'linux' ? shutFrom(folder) : []
  if (first === undefined) return
  const shown = relative(root, folder)
  throw new Error(
    `containers cannot read ${relative(root, first)}, whose mode shuts other users out. Type: chmod -R go+rX ${shown}`,
  )
}
