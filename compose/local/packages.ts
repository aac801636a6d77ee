import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { assertRoom } from './disk.ts'
import { leash } from './leash.ts'
import { type Outcome, run } from './run.ts'

/** Every server, its libraries and the package lists, unpacked. */
const usualRoom = 500 * 1024 ** 2

const draftPrefix = '.fetch-'
const packagesPrefix = 'packages-'

interface Package {
  readonly name: string
  readonly version: string
}

const succeed = (what: string, { code, output }: Outcome) => {
  if (code !== 0) throw new Error(`could not ${what}:\n${output}`)
}

/**
 * apt with lists and cache of its own, so that it needs no root, works on an image whose lists are empty, and leaves
 * the system's as they were. Mirror, proxy, keys and suite stay the system's.
 */
const privateApt = (folder: string) => {
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
  ].flatMap((option) => ['-o', option])
  const env = { LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' }
  return (program: 'apt-get' | 'apt-cache', ...args: readonly string[]) =>
    run([...leash('SIGTERM'), program, ...options, ...args], { cwd: join(folder, 'debs'), env })
}

type Apt = ReturnType<typeof privateApt>

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
 * Of upgrades only libraries matter to a program, and a libc unpacked away from its loader breaks every one.
 */
const missing = async (apt: Apt, names: readonly string[]) => {
  const { output } = await apt('apt-get', '-s', 'install', '--no-install-recommends', ...names)
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

const fetchInto = async (draft: string, names: readonly string[], say: (line: string) => void) => {
  const apt = privateApt(draft)
  say(`Looking up ${names.join(', ')} in Debian's package lists ...`)
  // Its failure is not ours yet: one broken source of many, or no network and a cache in between.
  const update = await apt('apt-get', 'update', '-q')
  const packages = await available(apt, names)
  if (packages.length === 0) throw new Error(`could not find the packages ${names.join(' ')}:\n${update.output}`)
  const found = packages.map(({ name }) => name)
  const shown = packages.map(({ name, version }) => `${name} ${version}`).join(', ')
  say(`Fetching ${shown} from Debian's packages (unpacked here, not installed) ...`)
  const all = [...new Set([...found, ...(await missing(apt, found))])]
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
export const fetchPackages = async (
  names: readonly string[],
  folder: string,
  say: (line: string) => void,
  room = usualRoom,
) => {
  assertRoom(folder, room, `fetching ${names.join(', ')}`)
  clearDrafts(folder)
  const draft = mkdtempSync(join(folder, draftPrefix))
  try {
    await fetchInto(draft, names, say)
    const root = join(folder, basename(draft).replace(draftPrefix, packagesPrefix))
    renameSync(join(draft, 'root'), root)
    return root
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

/** What earlier calls have fetched, whole. */
export const fetchedRoots = (folder: string): readonly string[] => {
  const entries = readdirSync(folder).filter((entry) => entry.startsWith(packagesPrefix))
  return entries.map((entry) => join(folder, entry))
}
