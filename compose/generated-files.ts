import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const generated = fileURLToPath(new URL('generated/', import.meta.url))

const filesBelow = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length))
    : []

/** Those of these files that are not in the folder as they should be, one line a file. Others there are nobody's concern. */
export const outdated = (wanted: ReadonlyMap<string, string>, folder: string): readonly string[] =>
  [...wanted].flatMap(([path, text]) => {
    const file = join(folder, path)
    if (!existsSync(file)) return [`${path} is missing`]
    return readFileSync(file, 'utf8') === text ? [] : [`${path} differs from what is generated`]
  })

/** Writes these files, and touches no other. */
export const writeAmong = (wanted: ReadonlyMap<string, string>, folder: string): void => {
  for (const [path, text] of wanted) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

/** What is committed and should not be so, one line a file. */
export const differences = (wanted: ReadonlyMap<string, string>, folder = generated): readonly string[] => {
  const stale = filesBelow(folder).filter((path) => !wanted.has(path))
  return [...stale.map((path) => `${path} is not generated any more`), ...outdated(wanted, folder)]
}

/** Makes the folder hold these files and no other. */
export const writeGenerated = (wanted: ReadonlyMap<string, string>, folder = generated): void => {
  for (const path of filesBelow(folder)) if (!wanted.has(path)) rmSync(join(folder, path))
  writeAmong(wanted, folder)
}
