import { resolve } from 'node:path'
import type { SecuritySettings } from '../../config/security.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { worldWritableFiles } from '../../exporters/jobs/security.ts'
import { type Check, counted, type Planned, type Seen, together } from './check.ts'
import { type Walked, walk } from './walk.ts'

interface Options {
  readonly folders: readonly string[]
  readonly settings: SecuritySettings['permissions']
}

/** Files that every user of the machine may change, code of packages among them: what runs is not to be anybody's. */
export const permissions = ({ folders, settings }: Options): Planned => {
  if (folders.length === 0)
    return { name: 'permissions', leftOut: 'no folder is named in config/security.ts, and API_DIR is not set' }
  const { allowed, most } = settings
  const isAllowed = (path: string) =>
    allowed.some((one) => path === resolve(one.path) || path.startsWith(`${resolve(one.path)}/`))
  const look: Check['look'] = async ({ signal, progress }) => {
    const all: Seen[] = []
    for (const folder of folders.map((one) => resolve(one))) {
      try {
        all.push(seen(folder, await walk(folder, { signal, progress, most }), isAllowed))
      } catch (cause) {
        signal.throwIfAborted()
        all.push({ findings: [], failures: [`${folder}: ${wordsOf(cause)}`], notes: [], samples: [] })
      }
    }
    const { findings, failures, notes } = together(all)
    return { findings, failures, notes, samples: counted(worldWritableFiles, findings.length, failures) }
  }
  return {
    name: 'permissions',
    subjects: folders.map((one) => `every file below ${resolve(one)}, without following links`),
    look,
  }
}

const seen = (
  folder: string,
  { open, looked, elsewhere, failures }: Walked,
  isAllowed: (path: string) => boolean,
): Seen => {
  const found = open.filter(({ path }) => !isAllowed(path))
  const [first, ...more] = failures
  return {
    findings: found.map(({ path, kind }) => ({
      what: `${path}: every user of the machine may ${kind === 'file' ? 'change it' : 'put files there, and remove those of others'}`,
      remedy: `chmod o-w, or allow it in config/security.ts with the reason`,
    })),
    failures: first === undefined ? [] : [`${first}${more.length > 0 ? `, and ${more.length} more` : ''}`],
    notes: [
      `${folder}: ${looked} files and folders`,
      ...(open.length > found.length ? [`${open.length - found.length} are allowed by config/security.ts`] : []),
      ...elsewhere.map(
        (path) => `${path} is another file system, and was not looked into: name it in config/security.ts`,
      ),
    ],
    samples: [],
  }
}
