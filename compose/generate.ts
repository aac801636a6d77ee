import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('generated/', import.meta.url))

const filesBelow = (path: string): readonly string[] =>
  existsSync(path)
    ? readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
    : []

const differences = (wanted: ReadonlyMap<string, string>) => {
  const present = filesBelow(folder)
  const stale = present.filter((path) => !wanted.has(path)).map((path) => `${path} is not generated any more`)
  const changed = [...wanted].flatMap(([path, text]) => {
    if (!present.includes(path)) return [`${path} is missing`]
    return readFileSync(join(folder, path), 'utf8') === text ? [] : [`${path} differs from what is generated`]
  })
  return [...stale, ...changed]
}

const write = (wanted: ReadonlyMap<string, string>) => {
  for (const path of filesBelow(folder)) if (!wanted.has(path)) rmSync(join(folder, path))
  for (const [path, text] of wanted) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  console.log(`${wanted.size} files are up to date in compose/generated`)
}

const check = (wanted: ReadonlyMap<string, string>) => {
  const found = differences(wanted)
  for (const line of found) console.error(`compose/generated/${line}`)
  if (found.length > 0) {
    console.error('Run `npm run generate`, and commit what it writes.')
    process.exitCode = 1
  }
}

try {
  // Imported here, so that a fault found while the model is built is told in the same plain line.
  const { artefacts } = await import('./artefacts.ts')
  const wanted = artefacts()
  if (process.argv.includes('--check')) check(wanted)
  else write(wanted)
} catch (fault) {
  console.error(fault instanceof Error ? fault.message : String(fault))
  process.exitCode = 1
}
