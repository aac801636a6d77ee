import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { output } from '../program.ts'
import type { Outside } from './outside.ts'

/** The checkout of the API. */
export interface Checkout {
  /** The branch it is on; undefined where its HEAD is detached. */
  branch(signal: AbortSignal): Promise<string | undefined>
  head(signal: AbortSignal): Promise<string>
  /** The top of the work tree. */
  top(signal: AbortSignal): Promise<string>
  /** Tracked files that were changed and belong to no commit, and what git is in the midst of. */
  changed(signal: AbortSignal): Promise<readonly string[]>
  /** A lock that somebody's git has, or that one left that was killed; undefined where there is none. */
  lock(signal: AbortSignal): Promise<{ readonly path: string; readonly made: number } | undefined>
  /** The newest commit of the branch, as the remote says it now. Changes nothing. */
  newest(signal: AbortSignal): Promise<string>
  /** Brings what the remote's branch has, and moves nothing. @returns its newest commit */
  fetch(signal: AbortSignal): Promise<string>
  /** Whether the one commit is the other, or came before it; undefined where one of them is not here yet. */
  isBefore(one: string, other: string, signal: AbortSignal): Promise<boolean | undefined>
  /** Files whose content differs between two commits, or which only one of them has. */
  between(one: string, other: string, signal: AbortSignal): Promise<readonly string[]>
  /** Files that the other has and the one has not. */
  added(one: string, other: string, signal: AbortSignal): Promise<readonly string[]>
  /** What a file holds in a commit; undefined where it has none. */
  content(commit: string, file: string, signal: AbortSignal): Promise<string | undefined>
  /** Moves the branch and the files forward. Refuses where files were changed, or are in the way. */
  forward(commit: string, signal: AbortSignal): Promise<void>
  /** Moves the branch and the files there, whatever the files are now. */
  reset(commit: string, signal: AbortSignal): Promise<void>
  short(commit: string, signal: AbortSignal): Promise<string>
}

interface Options {
  readonly git: string
  readonly folder: string
  readonly remote: string
  readonly branch: string
  readonly outside: Outside
}

/** Where git keeps what it is in the midst of. */
const unfinished = ['MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD', 'BISECT_LOG', 'rebase-merge', 'rebase-apply']

/** Every one of them throws Error with git's own words, where git fails. */
export const checkoutOf = ({ git, folder, remote, branch, outside }: Options): Checkout => {
  const ask = async (args: readonly string[], signal: AbortSignal) =>
    // The hooks are of those who work there.
    outside.hiding(
      output([git, '-c', 'core.hooksPath=/dev/null', ...args], { ...outside.options, cwd: folder, signal }),
    )
  const line = async (args: readonly string[], signal: AbortSignal) => (await ask(args, signal)).trim()
  const lines = async (args: readonly string[], signal: AbortSignal) =>
    (await ask(args, signal)).split('\0').filter(Boolean)
  /** Undefined where git says no. */
  const maybe = (args: readonly string[], signal: AbortSignal) =>
    line(args, signal).catch(() => {
      signal.throwIfAborted()
      return undefined
    })
  const inside = async (name: string, signal: AbortSignal) =>
    // Elsewhere in a work tree that was added to another.
    resolve(folder, await line(['rev-parse', '--git-path', name], signal))
  const isHere = async (commit: string, signal: AbortSignal) =>
    (await maybe(['cat-file', '-e', `${commit}^{commit}`], signal)) !== undefined
  return {
    branch: (signal) => maybe(['symbolic-ref', '--short', '-q', 'HEAD'], signal),
    head: (signal) => line(['rev-parse', 'HEAD'], signal),
    top: (signal) => line(['rev-parse', '--show-toplevel'], signal),
    short: (commit, signal) => line(['rev-parse', '--short', commit], signal),
    changed: async (signal) => {
      const status = await lines(['status', '--porcelain', '-z', '--untracked-files=no', '--no-renames'], signal)
      const midst = await Promise.all(unfinished.map((name) => inside(name, signal)))
      return [
        ...status.map((one) => one.slice(3)),
        ...midst.filter((path) => statSync(path, { throwIfNoEntry: false })),
      ]
    },
    lock: async (signal) => {
      const path = await inside('index.lock', signal)
      const found = statSync(path, { throwIfNoEntry: false })
      return found && { path, made: found.mtimeMs }
    },
    newest: async (signal) => {
      const [commit] = (await line(['ls-remote', '--exit-code', remote, `refs/heads/${branch}`], signal)).split('\t')
      if (!commit) throw new Error(`${remote} has no branch ${branch}`)
      return commit
    },
    fetch: async (signal) => {
      const tracking = `refs/remotes/${remote}/${branch}`
      await ask(['fetch', '--no-tags', '--no-auto-maintenance', remote, `+refs/heads/${branch}:${tracking}`], signal)
      return line(['rev-parse', tracking], signal)
    },
    isBefore: async (one, other, signal) => {
      if (one === other) return true
      if (!(await isHere(one, signal)) || !(await isHere(other, signal))) return undefined
      return (await maybe(['merge-base', '--is-ancestor', one, other], signal)) !== undefined
    },
    between: (one, other, signal) => lines(['diff', '--name-only', '--no-renames', '-z', one, other], signal),
    content: (commit, file, signal) => maybe(['show', `${commit}:${file}`], signal),
    forward: async (commit, signal) => void (await ask(['merge', '--ff-only', '--quiet', commit], signal)),
    reset: async (commit, signal) => void (await ask(['reset', '--hard', '--quiet', commit], signal)),
    added: (one, other, signal) =>
      lines(['diff', '--name-only', '--no-renames', '--diff-filter=A', '-z', one, other], signal),
  }
}
