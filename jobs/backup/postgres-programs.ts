import { wordsOf } from '../../exporters/failure.ts'
import { findProgram, output } from '../program.ts'

/** A program of PostgreSQL's that fits the server. */
export interface PostgresProgram {
  readonly path: string
  /** With its name: `pg_dump 17.11`. */
  readonly version: string
}

interface Wanted {
  readonly name: 'pg_dump' | 'pg_restore'
  /** Of the server. A newer pg_dump writes what an older pg_restore may not read, and an older one refuses the server. */
  readonly major: number
  /** POSTGRES_BIN: where to look, and nowhere else. */
  readonly folder?: string | undefined
  readonly signal: AbortSignal
}

/** Where systems put programs of one major, which need not be on PATH. */
const usual = (major: number) => [`/usr/lib/postgresql/${major}/bin`, `/opt/homebrew/opt/postgresql@${major}/bin`]

/** @throws Error saying what to install, where there is none of the server's major */
export const findPostgresProgram = async ({ name, major, folder, signal }: Wanted): Promise<PostgresProgram> => {
  const places = folder === undefined ? [...usual(major), undefined] : [folder]
  const paths = places.flatMap((place) => findProgram(name, place) ?? [])
  const where = folder === undefined ? 'on PATH' : `in ${folder}`
  const remedy = `Install postgresql-client-${major}, or set POSTGRES_BIN to the folder that has it`
  if (paths.length === 0) throw new Error(`there is no ${name} ${where}: the server is of major ${major}. ${remedy}`)
  const others: string[] = []
  for (const path of paths) {
    const said = await output([path, '--version'], { signal }).catch((cause: unknown) => wordsOf(cause))
    const version = /\) (\d+(?:\.\d+|[a-z]+\d*))/.exec(said)?.[1]
    if (version !== undefined && Number.parseInt(version, 10) === major) return { path, version: `${name} ${version}` }
    others.push(`${path} is ${version ?? 'not to be started'}`)
  }
  throw new Error(`there is no ${name} of major ${major}, which the server is of: ${others.join(', ')}. ${remedy}`)
}
