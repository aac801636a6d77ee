import type { RestoreFault } from '../../exporters/jobs/restore-test.ts'
import type { DatabaseContents, SavedFile, SavedLink } from '../backup/manifest.ts'

/** Something that came back otherwise than it was saved. */
export interface Fault {
  readonly fault: RestoreFault
  /** Names the thing, and what is wrong with it. */
  readonly words: string
}

const rowsOf = (rows: number) => `${rows} ${rows === 1 ? 'row' : 'rows'}`

/** What a restored database has otherwise than the one that was saved. */
export const databaseFaults = (saved: DatabaseContents, found: DatabaseContents): readonly Fault[] => [
  ...rowFaults(saved, found),
  ...constraintFaults(saved, found),
  ...indexFaults(saved, found),
  ...newestFaults(saved, found),
]

const rowFaults = (saved: DatabaseContents, found: DatabaseContents): readonly Fault[] => {
  const named = ({ schema, name }: DatabaseContents['tables'][number]) => `${schema}.${name}`
  const now = new Map(found.tables.map((table) => [named(table), table.rows]))
  const before = new Set(saved.tables.map(named))
  const fault = (words: string): Fault => ({ fault: 'rows', words })
  return [
    ...saved.tables.flatMap((table) => {
      const rows = now.get(named(table))
      if (rows === table.rows) return []
      return rows === undefined
        ? [fault(`table ${named(table)} is missing, the backup was taken with ${rowsOf(table.rows)} in it`)]
        : [fault(`table ${named(table)} has ${rowsOf(rows)}, the backup was taken with ${table.rows}`)]
    }),
    ...[...now.keys()]
      .filter((name) => !before.has(name))
      .map((name) => fault(`table ${name} is there, and was not when the backup was taken`)),
  ]
}

const constraintFaults = (saved: DatabaseContents, found: DatabaseContents): readonly Fault[] => {
  const [now, bad, before] = [new Set(found.constraints), new Set(found.unvalidated), new Set(saved.unvalidated)]
  return saved.constraints.flatMap((name): readonly Fault[] => {
    if (!now.has(name)) return [{ fault: 'constraints', words: `constraint ${name} is missing` }]
    // One that nobody ever validated is restored as it is.
    if (!bad.has(name) || before.has(name)) return []
    return [{ fault: 'constraints', words: `constraint ${name} is not validated, and was when the backup was taken` }]
  })
}

const indexFaults = (saved: DatabaseContents, found: DatabaseContents): readonly Fault[] => {
  const [now, bad, before] = [new Set(found.indexes), new Set(found.invalid), new Set(saved.invalid)]
  return saved.indexes.flatMap((name): readonly Fault[] => {
    if (now.has(name) && !bad.has(name)) return []
    if (before.has(name)) {
      return [
        {
          fault: 'indexes',
          words: `index ${name} was not valid when the backup was taken, and ${now.has(name) ? 'is not now' : 'does not come back'}: mend it where it was, by reindex index concurrently ${name}`,
        },
      ]
    }
    return [{ fault: 'indexes', words: `index ${name} is ${now.has(name) ? 'not valid' : 'missing'}` }]
  })
}

const newestFaults = (saved: DatabaseContents, found: DatabaseContents): readonly Fault[] => {
  const [before, now] = [saved.newestReservation, found.newestReservation]
  // Nobody looked, where the backup tells of none.
  if (before === null || before === now) return []
  const words = `the newest reservation is of ${now ?? 'no time at all'}, the backup was taken with one of ${before}`
  return [{ fault: 'other', words }]
}

/** A file as it was unpacked. */
export interface Unpacked {
  readonly bytes: number
  readonly sha256: string
  readonly mode: number
}

const octal = (mode: number) => mode.toString(8).padStart(4, '0')

const fileFault = (words: string): Fault => ({ fault: 'files', words })

/** What is in an archive, and its manifest knows nothing of. */
const unsaved = (what: string, saved: readonly { readonly path: string }[], found: Iterable<string>) => {
  const before = new Set(saved.map(({ path }) => path))
  return [...found]
    .filter((path) => !before.has(path))
    .map((path) => fileFault(`${what} ${path} is there, and was not when the backup was taken`))
}

/** What an unpacked archive has otherwise than the files that were saved. */
export const fileFaults = (saved: readonly SavedFile[], found: ReadonlyMap<string, Unpacked>): readonly Fault[] => {
  return [
    ...saved.flatMap(({ path, bytes, sha256, mode }) => {
      const now = found.get(path)
      if (!now) return [fileFault(`file ${path} is missing`)]
      if (now.bytes !== bytes) return [fileFault(`file ${path} has ${now.bytes} bytes, and had ${bytes}`)]
      if (now.sha256 !== sha256) return [fileFault(`file ${path} has another content: its SHA-256 is another`)]
      return now.mode === mode
        ? []
        : [fileFault(`file ${path} has the mode ${octal(now.mode)}, and had ${octal(mode)}`)]
    }),
    ...unsaved('file', saved, found.keys()),
  ]
}

/** What an archive has otherwise than the symbolic links that were saved; nothing where its manifest tells of none. */
export const linkFaults = (
  saved: readonly SavedLink[] | undefined,
  found: ReadonlyMap<string, string>,
): readonly Fault[] => {
  if (saved === undefined) return []
  return [
    ...saved.flatMap(({ path, target }) => {
      const now = found.get(path)
      if (now === undefined) return [fileFault(`link ${path} is missing`)]
      return now === target ? [] : [fileFault(`link ${path} leads to ${now}, and led to ${target}`)]
    }),
    ...unsaved('link', saved, found.keys()),
  ]
}
