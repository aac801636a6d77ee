import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** Where one library keeps another to itself, by a path that holds for an installed one only (libpulse does). */
const privateFolders = (folder: string) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name))
    .filter((inner) => readdirSync(inner).some((file) => /^lib.*\.so/.test(file)))

const libraryFolders = (root: string) =>
  ['usr/lib', 'lib']
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).flatMap((entry) => (/-linux-gnu/.test(entry) ? join(folder, entry) : [])))
    .flatMap((folder) => [folder, ...privateFolders(folder)])

/** What a program unpacked into `root` needs to be told, to find what was unpacked beside it. */
export const environment = (root: string) => {
  const libraries = libraryFolders(root).join(':')
  const zones = join(root, 'usr/share/zoneinfo')
  return { ...(libraries && { LD_LIBRARY_PATH: libraries }), ...(existsSync(zones) && { ZONEINFO: zones }) }
}

const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`

/**
 * A script that runs a program of another suite with the libc unpacked beside it, and that libc's own loader: no libc
 * works with another's. LD_LIBRARY_PATH would not do, for it reaches the shell as well. The script becomes the
 * program, so the pid stays.
 */
export const launcher = (root: string, program: string) => {
  const folders = libraryFolders(root)
  const loaders = folders.flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
  const loader = loaders.find((file) => /^ld-linux.*\.so\.\d+$/.test(basename(file)))
  if (loader === undefined) throw new Error(`could not find the loader of a libc in ${root}: remove that folder`)
  const words = [loader, '--library-path', folders.join(':'), program].map(quoted)
  const text = `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`
  const folder = join(root, 'launchers')
  const path = join(folder, basename(program))
  // Written anew when the checkout has moved, and moved into place: another process may be starting it.
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(`${path}.${process.pid}`, text, { mode: 0o755 })
    renameSync(`${path}.${process.pid}`, path)
  }
  return path
}
