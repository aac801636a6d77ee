import type { Env, UrlVariable } from '../config/env.ts'
import type { Running } from './local/process.ts'

interface Part {
  readonly name: string
  readonly url: string
}

/** One process of the running stack, and the parts that live in it. */
export interface Component {
  readonly parts: readonly [Part, ...Part[]]
  readonly running: Running
  /** Whether that process is gone, asked or not. */
  readonly ended: boolean
  /** Stops it, if it runs, and starts it as before. */
  restart(): Promise<void>
}

export interface StackOptions {
  readonly env: Env
  /** Nobody is told of alerts, but the demo's pager. Without it, real targets need the secret of every channel. */
  readonly tellNobody?: boolean
  /** Whether the maintenance jobs run at their times. */
  readonly jobs?: boolean
  /** Where data, logs and the generated configuration go. */
  readonly folder: string
  readonly say: (line: string) => void
  /** Gives up, and ends what was started so far. */
  readonly signal: AbortSignal
}

/** Starts one, and keeps it to be stopped. */
export type Start = (parts: Component['parts'], launch: () => Promise<Running>) => Promise<void>
/** URLs by the variables that hold them, or by those that name a file with them. */
export type Sources = Readonly<Partial<Record<UrlVariable | `${UrlVariable}_FILE` | 'POSTGRES_BIN', string>>>

/** All of them, or the first failure, and that only when none is under way any more. */
export const together = async (starting: readonly Promise<unknown>[]) => {
  const failed = (await Promise.allSettled(starting)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

/** A port of this machine, as a URL. */
export const at = (port: number) => `http://127.0.0.1:${port}`
