import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
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

/** Where one library keeps another to itself, by a path that holds for an installed one only (libpulse does). */
const privateFolders = (folder: string) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name))
    .filter((inner) => readdirSync(inner).some((file) => /^lib.*\.so/.test(file)))

const libraryFolders = (root: string) =>
  ['usr/lib', 'lib']
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).flatMap((entry) => (/-linux-gnu/.test(entry) ? join(folder, entry) : [])))
    .flatMap((folder) => [folder, ...privateFolders(folder)])

const environment = (root: string) => {
  const libraries = libraryFolders(root).join(':')
  const zones = join(root, 'usr/share/zoneinfo')
  return { ...(libraries && { LD_LIBRARY_PATH: libraries }), ...(existsSync(zones) && { ZONEINFO: zones }) }
}

/** A program counts as there when it answers: a wrapper without its program, or one without a library, does not. */
const answering = async (source: Source, program: Omit<Program, 'version'>): Promise<Program | undefined> => {
  const { code, output } = await run([program.path, '--version'], { env: program.env })
  const version = output.match(/\d+\.\d+(\.\d+)?/)?.[0]
  return code === 0 && version?.startsWith(source.version ?? '') ? { ...program, version } : undefined
}

const onPath = async (source: Source, own: string) => {
  const path = findProgram(source.binaries, [...(source.folders ?? []), ...pathFolders(), own])
  return path === undefined ? undefined : answering(source, { path, from: 'PATH', env: {}, wrap: [] })
}

const inRoot = async (source: Source, root: string) => {
  // What stands in /usr/bin of some packages is a wrapper that looks for an installed program.
  const folders = [...(source.folders ?? []), '/usr/bin'].map((folder) => join(root, folder))
  const path = findProgram(source.binaries, folders)
  return path === undefined ? undefined : answering(source, { path, from: 'fetched', env: environment(root), wrap: [] })
}

/** On PATH or put into `own` by hand, else among what was fetched. */
export const locate = async (source: Source, own: string, fetchFolder: string): Promise<Program | undefined> => {
  const installed = await onPath(source, own)
  if (installed) return installed
  for (const root of fetchedRoots(fetchFolder)) {
    const program = await inRoot(source, root)
    if (program) return program
  }
  return undefined
}
