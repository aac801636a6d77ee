import { fork } from 'node:child_process'
import { type FSWatcher, mkdtempSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Listed } from '../dashboards/preview/page/model.ts'
import { queue } from '../dashboards/preview/page/queue.ts'
import { run } from './local/run.ts'
import { root } from './plan.ts'

/** What a dashboard is made of. */
const sources = ['config', 'metrics', 'exporters', 'alerts', 'dashboards'].map((name) => join(root, name))
const program = fileURLToPath(new URL('preview-fresh.ts', import.meta.url))

/** Milliseconds for an editor to write all that it saves. */
const pause = 50

const foldersBelow = (folder: string): readonly string[] => [
  folder,
  ...readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name)),
]

/** Folder by folder: a file that is put in place of another, as editors save, is a change of its folder. */
const watchFolders = (changed: () => void) => {
  const watchers = new Map<string, FSWatcher>()
  let timer: NodeJS.Timeout | undefined
  const forget = (folder: string) => {
    watchers.get(folder)?.close()
    watchers.delete(folder)
  }
  const followOne = (folder: string) => {
    try {
      const watcher = watch(folder, () => {
        clearTimeout(timer)
        timer = setTimeout(due, pause)
      })
      watchers.set(
        folder,
        watcher.on('error', () => forget(folder)),
      )
    } catch {
      // Gone since it was listed, of which the folder it was in tells.
    }
  }
  const follow = () => {
    const there = new Set(sources.flatMap(foldersBelow))
    for (const folder of [...watchers.keys()]) if (!there.has(folder)) forget(folder)
    for (const folder of there) if (!watchers.has(folder)) followOne(folder)
  }
  const due = () => {
    follow()
    changed()
  }
  follow()
  return () => {
    clearTimeout(timer)
    for (const folder of [...watchers.keys()]) forget(folder)
  }
}

/** Without what only says where in Node itself it happened. */
const readable = (said: string) =>
  said
    .replaceAll(root, '')
    .split('\n')
    .filter((line) => !/^\s+at |^Node\.js v|^\s*$/.test(line))
    .join('\n')

/** In a process of its own: what this one has read of the source stays as it was. */
const readDashboards = (signal: AbortSignal) =>
  new Promise<readonly Listed[]>((resolve, reject) => {
    const child = fork(program, { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'], signal })
    let said = ''
    child.stderr?.on('data', (chunk) => {
      said += chunk
    })
    child.once('error', reject)
    child.once('message', (dashboards: readonly Listed[]) => resolve(dashboards))
    child.once('close', () => reject(new Error(readable(said) || 'The dashboards could not be read.')))
  })

/** Of the dashboards and all that they are made of; what was checked before is not checked again. */
const typeChecker = () => {
  const folder = mkdtempSync(join(tmpdir(), 'preview-types-'))
  const project = join(folder, 'tsconfig.json')
  const compilerOptions = {
    incremental: true,
    tsBuildInfoFile: join(folder, 'types.tsbuildinfo'),
    typeRoots: [join(root, 'node_modules/@types')],
  }
  const files = [join(root, 'dashboards/index.ts')]
  const extended = join(root, 'tsconfig.json')
  writeFileSync(project, JSON.stringify({ extends: extended, compilerOptions, include: [], files }))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  // One at a time: they write one file. What runs is not stopped, for the next begins with what it has checked, and a
  // signal would end the script that started the compiler, not the compiler.
  const inTurn = queue(1)
  const compile = async () => {
    const { code, output } = await run([process.execPath, compiler, '-p', project, '--pretty', 'false'], { cwd: root })
    if (code !== 0) throw new Error(readable(output) || 'The source could not be checked.')
  }
  return {
    /** One that is aborted while it waits for its turn never begins. */
    check: (signal: AbortSignal) => inTurn(compile, signal),
    /** Once nothing runs in it. */
    end: () => inTurn(async () => rmSync(folder, { recursive: true, force: true }), new AbortController().signal),
  }
}

interface Told {
  readonly publish: (dashboards: readonly Listed[]) => void
  readonly fail: (fault: string) => void
  readonly say: (line: string) => void
}

/** Makes the dashboards anew whenever their source changes. One that does not compile, or does not run, gives none. */
export const watchSource = ({ publish, fail, say }: Told) => {
  const types = typeChecker()
  let under = new AbortController()
  const make = async () => {
    under.abort()
    const mine = new AbortController()
    under = mine
    try {
      const [dashboards] = await Promise.all([readDashboards(mine.signal), types.check(mine.signal)])
      if (mine.signal.aborted) return
      publish(dashboards)
      say('The dashboards were made anew')
    } catch (error) {
      if (mine.signal.aborted) return
      const words = error instanceof Error ? error.message : String(error)
      fail(words)
      say(`The dashboards stay as they were:\n${words}`)
    }
  }
  const close = watchFolders(() => void make())
  // So that the first change has only itself to be checked.
  void make()
  return () => {
    close()
    under.abort()
    void types.end()
  }
}
