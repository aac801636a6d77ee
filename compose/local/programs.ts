import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { debianLine, installLines } from './advice.ts'
import { locate, type Program, suiteFolder } from './find-program.ts'
import { withLock } from './lock.ts'
import { fetchPackages } from './packages.ts'
import { type ProgramName, programTable, type Source } from './program-table.ts'
import { findProgram, pathFolders } from './run.ts'
import { copyShared, showShared } from './shared-files.ts'
import { foreignSuite, osRelease } from './suite.ts'

type Say = (line: string) => void

const toolsFolder = fileURLToPath(new URL('../../.local/tools', import.meta.url))
/** Where the lines we name for other systems put programs. */
const ownFolder = join(toolsFolder, 'bin')

/** One folder per system: a checkout may be shared between a host and a container of another suite. */
const fetchFolder = () =>
  join(
    toolsFolder,
    `${osRelease('ID') ?? process.platform}-${osRelease('VERSION_ID') ?? process.platform}-${process.arch}`,
  )

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

/** What to do where a program could not be fetched. */
const advice = (sources: readonly Source[], suite: string | undefined) => {
  if (suite === undefined) return `type: ${debianLine(unique(sources.flatMap(({ packages }) => packages)))}`
  return `put on PATH: ${sources.map(({ binaries, version = '' }) => `${binaries[0]} ${version}x`).join(', ')}`
}

const fetchFrom = async (suite: string | undefined, sources: readonly Source[], folder: string, say: Say) => {
  const names = unique(sources.flatMap(({ packages }) => packages))
  const room = Math.max(...sources.map((source) => source.room ?? 0)) || undefined
  await fetchPackages(suiteFolder(folder, suite), { names, say, room, suite }).catch((cause) => {
    const from = suite === undefined ? '' : ` from Debian ${suite}`
    throw new Error(`could not fetch ${names.join(', ')}${from}. Check the network, or ${advice(sources, suite)}`, {
      cause,
    })
  })
}

const fetchMissing = async (names: readonly ProgramName[], folder: string, say: Say) => {
  const sources: readonly Source[] = names.map((name) => programTable[name])
  if (!canFetch()) {
    throw new Error(
      `could not find ${names.join(', ')} on PATH. Type:\n  ${installLines(sources, ownFolder).join('\n  ')}`,
    )
  }
  for (const suite of unique(sources.map((source) => foreignSuite(source.suite)))) {
    await fetchFrom(
      suite,
      sources.filter((source) => foreignSuite(source.suite) === suite),
      folder,
      say,
    )
  }
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
  const source: Source = programTable[first]
  throw new Error(`could not use the fetched ${first}. Instead, ${advice([source], foreignSuite(source.suite))}`)
}

/** Gives a server that is unpacked and not installed the files it wants to see below /usr/share. */
const withShared = async (program: Program, { shared, suite }: Source, say: Say): Promise<Program> => {
  if (!shared || program.from === 'PATH') return program
  const foreign = foreignSuite(suite) !== undefined
  // What starts a program of another suite lies beside its /usr, and that of the system has files of the system's own.
  const share = join(dirname(dirname(program.path)), ...(foreign ? ['usr', 'share'] : ['share']))
  const wrap = await showShared(share, shared.file, { over: foreign })
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
