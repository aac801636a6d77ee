import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { debianLine, installLines } from './advice.ts'
import { locate, type Program } from './find-program.ts'
import { withLock } from './lock.ts'
import { fetchPackages } from './packages.ts'
import { type ProgramName, programTable, type Source } from './program-table.ts'
import { findProgram, pathFolders } from './run.ts'
import { copyShared, showShared } from './shared-files.ts'

type Say = (line: string) => void

const toolsFolder = fileURLToPath(new URL('../../.local/tools', import.meta.url))
/** Where the lines we name for other systems put programs. */
const ownFolder = join(toolsFolder, 'bin')

/** One folder per system: a checkout may be shared between a host and a container of another suite. */
const fetchFolder = () => {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  const value = (key: string) => release.match(new RegExp(`^${key}="?([^"\n]*)`, 'm'))?.[1] ?? process.platform
  return join(toolsFolder, `${value('ID')}-${value('VERSION_ID')}-${process.arch}`)
}

const canFetch = () => ['apt-get', 'dpkg'].every((program) => findProgram([program], pathFolders()) !== undefined)

const unique = <T>(values: readonly T[]) => [...new Set(values)]

const locateAll = async (names: readonly ProgramName[], folder: string) => {
  const found = new Map<ProgramName, Program>()
  const look = async (name: ProgramName) => {
    const program = await locate(programTable[name], ownFolder, folder)
    if (program) found.set(name, program)
  }
  await Promise.all(names.map(look))
  return found
}

const fetchMissing = async (names: readonly ProgramName[], folder: string, say: Say) => {
  const sources: readonly Source[] = names.map((name) => programTable[name])
  if (!canFetch()) {
    throw new Error(
      `could not find ${names.join(', ')} on PATH. Type:\n  ${installLines(sources, ownFolder).join('\n  ')}`,
    )
  }
  const packages = unique(sources.flatMap((source) => source.packages))
  const line = debianLine(packages)
  const room = Math.max(...sources.map((source) => source.room ?? 0)) || undefined
  await fetchPackages(packages, folder, say, room).catch((cause) => {
    throw new Error(`could not fetch ${names.join(', ')}. Check the network, or type: ${line}`, { cause })
  })
}

const findOrFetch = async (names: readonly ProgramName[], say: Say) => {
  const folder = fetchFolder()
  mkdirSync(folder, { recursive: true })
  const found = await locateAll(names, folder)
  const absent = () => names.filter((name) => !found.has(name))
  const lookAgain = async () => {
    for (const [name, program] of await locateAll(absent(), folder)) found.set(name, program)
  }
  if (absent().length > 0) {
    await withLock(join(folder, '.lock'), async () => {
      await lookAgain()
      if (absent().length > 0) await fetchMissing(absent(), folder, say)
      await lookAgain()
    })
  }
  const [first] = absent()
  if (first === undefined) return found
  throw new Error(`could not use the fetched ${first}. Type: ${debianLine(programTable[first].packages)}`)
}

/** Gives a server that is unpacked and not installed the files it wants to see below /usr/share. */
const withShared = async (program: Program, { shared }: Source, say: Say): Promise<Program> => {
  if (!shared || program.from === 'PATH') return program
  const share = join(dirname(dirname(program.path)), 'share')
  const wrap = await showShared(share, shared.file)
  if (!wrap && shared.needed) copyShared(share, dirname(shared.file), say)
  return { ...program, wrap: wrap ?? [] }
}

const isWhole = <N extends string>(
  programs: Readonly<Record<string, Program>>,
  names: readonly N[],
): programs is Readonly<Record<N, Program>> => names.every((name) => name in programs)

/** Finds each program on PATH, else fetches it from Debian's packages without touching the system. */
export const ensurePrograms = async <const N extends ProgramName>(
  names: readonly N[],
  say: Say = () => undefined,
): Promise<Readonly<Record<N, Program>>> => {
  const found = await findOrFetch(names, say)
  const entries = [...found].map(async ([name, program]) => [name, await withShared(program, programTable[name], say)])
  const programs: Readonly<Record<string, Program>> = Object.fromEntries(await Promise.all(entries))
  if (!isWhole(programs, names)) throw new Error(`could not find all of ${names.join(', ')}`)
  return programs
}
