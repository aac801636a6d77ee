import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { assertRoom } from './disk.ts'
import { leash } from './leash.ts'
import { type Outcome, run } from './run.ts'
import { debianKeyring, sourcesOf } from './suite.ts'

/** Every server, its libraries and the package lists, unpacked. */
const usualRoom = 500 * 1024 ** 2

const draftPrefix = '.fetch-'
const packagesPrefix = 'packages-'

interface Package {
  readonly name: string
  readonly version: string
}

interface Wanted {
  readonly names: readonly string[]
  readonly say: (line: string) => void
  /** Bytes that fetching takes. */
  readonly room?: number | undefined
  /** Another suite than the system's, by its code name. */
  readonly suite?: string | undefined
}

const succeed = (what: string, { code, output }: Outcome) => {
  if (code !== 0) throw new Error(`could not ${what}:\n${output}`)
}

/**
 * apt with lists and cache of its own, so that it needs no root, works on an image whose lists are empty, and leaves
 * the system's as they were. Mirror, proxy, keys and suite stay the system's.
 */
const privateApt = (folder: string, more: readonly string[] = []) => {
  for (const inner of ['lists/partial', 'cache/archives/partial', 'debs']) {
    mkdirSync(join(folder, inner), { recursive: true })
  }
  const options = [
    `Dir::State::Lists=${join(folder, 'lists')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
    'Acquire::Retries=2',
    'Acquire::http::Timeout=20',
    ...more,
  ].flatMap((option) => ['-o', option])
  const env = { LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' }
  return (program: 'apt-get' | 'apt-cache', ...args: readonly string[]) =>
    run([...leash('SIGTERM'), program, ...options, ...args], { cwd: join(folder, 'debs'), env })
}

type Apt = ReturnType<typeof privateApt>

/** The same for another suite of the system's mirror, as if nothing were installed: no library of ours fits its own. */
const foreignApt = async (folder: string, suite: string) => {
  const { output } = await privateApt(folder)('apt-get', '--print-uris', 'update')
  const sources = join(folder, 'sources.list')
  writeFileSync(sources, sourcesOf(suite, output, debianKeyring()))
  const nothing = ['Dir::Etc::sourceparts=/dev/null', 'Dir::State::status=/dev/null']
  return privateApt(folder, [`Dir::Etc::sourcelist=${sources}`, ...nothing])
}

/** Those of these packages the suite has (promtool is one of its own in newer ones only), at their newest version. */
const available = async (apt: Apt, names: readonly string[]): Promise<readonly Package[]> => {
  const rows = (await apt('apt-cache', 'madison', ...names)).output.split('\n').map((row) => row.split('|'))
  return names.flatMap((name) => {
    const version = rows.find(([first = '']) => first.trim() === name)?.[1]?.trim()
    return version === undefined ? [] : { name, version: version.replace(/^\d+:/, '').replace(/[-+~].*$/, '') }
  })
}

/**
 * What this system lacks for them: lines of `Inst NAME [INSTALLED] (CANDIDATE ...`, with brackets for an upgrade.
 * Of upgrades only libraries matter to a program, and a libc unpacked away from its loader breaks every one. Of
 * another suite it takes every library, libc and loader too.
 */
const missing = async (apt: Apt, names: readonly string[], suite: string | undefined) => {
  const { output } = await apt('apt-get', '-s', 'install', '--no-install-recommends', ...names)
  if (suite !== undefined) return [...output.matchAll(/^Inst ((?:lib|lua|zlib)\S+) /gm)].map(([, name = '']) => name)
  return [...output.matchAll(/^Inst (\S+) (\[)?/gm)].flatMap(([, name = '', upgrade]) => {
    const wanted = !/^(libc6|libc-bin|dpkg|perl)/.test(name) && (!upgrade || /^lib(?!.*-dev$)/.test(name))
    return wanted ? name : []
  })
}

/**
 * Of milliseconds: longer than a fetch takes. The lock's patience would not do, for who lost it finds the draft that is
 * still being filled, and that is older.
 */
const abandonedAfter = 3_600_000

/** Removes what interrupted fetches left. */
export const clearDrafts = (folder: string) => {
  for (const entry of readdirSync(folder).filter((name) => name.startsWith(draftPrefix))) {
    const draft = join(folder, entry)
    const changed = statSync(draft, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
    if (Date.now() - changed > abandonedAfter) rmSync(draft, { recursive: true, force: true, maxRetries: 5 })
  }
}

const fetchInto = async (draft: string, { names, say, suite }: Wanted) => {
  const debian = suite === undefined ? 'Debian' : `Debian ${suite}`
  say(`Looking up ${names.join(', ')} in the package lists of ${debian} ...`)
  const apt = suite === undefined ? privateApt(draft) : await foreignApt(draft, suite)
  // Its failure is not ours yet: one broken source of many, or no network and a cache in between.
  const update = await apt('apt-get', 'update', '-q')
  const packages = await available(apt, names)
  if (packages.length === 0) {
    throw new Error(`could not find the packages ${names.join(' ')} of ${debian}:\n${update.output}`)
  }
  const found = packages.map(({ name }) => name)
  const shown = packages.map(({ name, version }) => `${name} ${version}`).join(', ')
  say(`Fetching ${shown} from the packages of ${debian} (unpacked here, not installed) ...`)
  const all = [...new Set([...found, ...(await missing(apt, found, suite))])]
  const download = await apt('apt-get', 'download', '-q', ...all)
  succeed('download the packages', { ...download, output: `${update.output}\n${download.output}` })
  const debs = readdirSync(join(draft, 'debs')).filter((file) => file.endsWith('.deb'))
  for (const deb of debs) {
    succeed(`unpack ${deb}`, await run(['dpkg', '-x', join(draft, 'debs', deb), join(draft, 'root')]))
  }
}

/**
 * Unpacks packages into a new folder inside `folder` and returns it; nothing is installed, no service started. It
 * gets its name when it is whole, so an interrupted fetch counts as none.
 */
export const fetchPackages = async (folder: string, wanted: Wanted) => {
  const { names, room = usualRoom } = wanted
  mkdirSync(folder, { recursive: true })
  assertRoom(folder, room, `fetching ${names.join(', ')}`)
  clearDrafts(folder)
  const draft = mkdtempSync(join(folder, draftPrefix))
  try {
    await fetchInto(draft, wanted)
    const root = join(folder, basename(draft).replace(draftPrefix, packagesPrefix))
    renameSync(join(draft, 'root'), root)
    return root
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

/** What earlier calls have fetched, whole. */
export const fetchedRoots = (folder: string): readonly string[] => {
  const entries = existsSync(folder) ? readdirSync(folder).filter((entry) => entry.startsWith(packagesPrefix)) : []
  return entries.map((entry) => join(folder, entry))
}
