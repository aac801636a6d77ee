import { join } from 'node:path'
import { environment, launcher } from './libraries.ts'
import { fetchedRoots } from './packages.ts'
import type { Source } from './program-table.ts'
import { findProgram, pathFolders, run } from './run.ts'

export interface Program {
  readonly path: string
  readonly version: string
  readonly from: 'PATH' | 'fetched'
  /** To be added to the environment: where its libraries are. */
  readonly env: Readonly<Record<string, string>>
  /** To be put before it (`startProcess` takes it): shows a server the files it expects below /usr/share. */
  readonly wrap: readonly string[]
}

/** A program counts as there when it answers: a wrapper without its program, or one without a library, does not. */
const answering = async (source: Source, program: Omit<Program, 'version'>): Promise<Program | undefined> => {
  const { code, output } = await run([program.path, source.asked ?? '--version'], { env: program.env })
  const version = output.match(/\d+\.\d+(\.\d+)?/)?.[0] ?? source.silent
  return code === 0 && version?.startsWith(source.version ?? '') ? { ...program, version } : undefined
}

const onPath = async (source: Source, own: string) => {
  const path = findProgram(source.binaries, [...(source.folders ?? []), ...pathFolders(), own])
  return path === undefined ? undefined : answering(source, { path, from: 'PATH', env: {}, wrap: [] })
}

const pathIn = (source: Source, root: string) => {
  // What stands in /usr/bin of some packages is a wrapper that looks for an installed program.
  const folders = [...(source.folders ?? []), '/usr/bin'].map((folder) => join(root, folder))
  return findProgram(source.binaries, folders)
}

const inRoot = async (source: Source, root: string) => {
  const path = pathIn(source, root)
  return path === undefined ? undefined : answering(source, { path, from: 'fetched', env: environment(root), wrap: [] })
}

const inForeignRoot = async (source: Source, root: string) => {
  const path = pathIn(source, root)
  if (path === undefined) return undefined
  return answering(source, { path: launcher(root, path), from: 'fetched', env: {}, wrap: [] })
}

/** Where what was fetched from another suite is kept apart: its libraries would break the system's programs. */
export const suiteFolder = (fetchFolder: string, suite: string | undefined) =>
  suite === undefined ? fetchFolder : join(fetchFolder, suite)

/** On PATH or put into `own` by hand, else among what was fetched. */
export const locate = async (source: Source, own: string, fetchFolder: string): Promise<Program | undefined> => {
  const installed = await onPath(source, own)
  if (installed) return installed
  for (const root of fetchedRoots(fetchFolder)) {
    const program = await inRoot(source, root)
    if (program) return program
  }
  if (source.suite === undefined) return undefined
  for (const root of fetchedRoots(suiteFolder(fetchFolder, source.suite))) {
    const program = await inForeignRoot(source, root)
    if (program) return program
  }
  return undefined
}
