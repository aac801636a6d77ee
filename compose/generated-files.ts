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

/** What is committed and should not be so, one line a file. */
export const differences = (wanted: ReadonlyMap<string, string>, folder = generated): readonly string[] => {
  const present = filesBelow(folder)
  const stale = present.filter((path) => !wanted.has(path)).map((path) => `${path} is not generated any more`)
  const changed = [...wanted].flatMap(([path, text]) => {
    if (!present.includes(path)) return [`${path} is missing`]
    return readFileSync(join(folder, path), 'utf8') === text ? [] : [`${path} differs from what is generated`]
  })
  return [...stale, ...changed]
}

/** Makes the folder hold these files and no other. */
export const writeGenerated = (wanted: ReadonlyMap<string, string>, folder = generated): void => {
  for (const path of filesBelow(folder)) if (!wanted.has(path)) rmSync(join(folder, path))
  for (const [path, text] of wanted) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}
