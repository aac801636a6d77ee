import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readIf } from '../../exporters/jobs/folder.ts'
import { reader } from '../../exporters/jobs/reader.ts'
import { replaceFile, syncFolder } from '../../exporters/replace-file.ts'
import type { Reading } from './schema.ts'

/** What is done to bring the newest version, in this order. */
export const forward = ['code', 'install', 'migrate', 'restart', 'check'] as const
/** What is done to bring the one before back, in this order. */
export const backward = ['schema back', 'code back', 'install back', 'restart back', 'check back'] as const
export type Forward = (typeof forward)[number]
export type Backward = (typeof backward)[number]

const commit = z.string().regex(/^[0-9a-f]{40,64}$/)
const moment = z.iso.datetime()
const shape = z.object({
  version: z.literal(1),
  started: moment,
  from: commit,
  to: commit,
  /** What it is at, or how it ended: `done`, `taken back`, or `ahead`, which is taken back but for the schema. */
  step: z.enum([...forward, ...backward, 'done', 'taken back', 'ahead']),
  /** When it began with that. */
  at: moment,
  /** How often a run of it was killed or stopped. */
  kills: z.number(),
  /** Why it is taken back. */
  why: z.string().optional(),
  /** Whether the migration came to its end, before it is taken back. */
  migrated: z.boolean().optional(),
  /** Whether its way back was begun, where no tool says what is applied: it is begun once. */
  rollbackBegun: z.boolean().optional(),
  /** What stands in the schema that the code which runs does not know. */
  ahead: z.array(z.string()).optional(),
  /** Whether package-lock.json was not that of the commit before, but what a security update had made of it. */
  fixedLock: z.boolean().optional(),
  /** When the backup that was made before it began. */
  backup: moment,
})

/** How far an update is. Written before each step, and after the last. */
export type State = Readonly<z.infer<typeof shape>>

const readingShape = z.object({
  schema: z.record(z.string(), z.string()),
  applied: z.object({ table: z.string(), rows: z.array(z.string()) }).optional(),
})

/** What the job keeps between two runs. Only whoever holds its lock may write it. */
export interface Keeping {
  /** @throws Error naming the file, where it is damaged */
  state(): Promise<State | undefined>
  /** The database that fits the code before the update. */
  before(): Promise<Reading | undefined>
  write(state: State): Promise<void>
  writeBefore(reading: Reading): Promise<void>
  forget(): Promise<void>
}

/** @param folder the job's own, below `JOBS_DIR` */
export const keepingIn = (folder: string): Keeping => {
  const [state, before] = [join(folder, 'state.json'), join(folder, 'before.json')]
  const put = async (file: string, content: object) => {
    await replaceFile(file, `${JSON.stringify(content, undefined, 2)}\n`)
    await syncFolder(file)
  }
  return {
    state: () => readIf(state, reader(shape)),
    before: () => readIf(before, reader(readingShape)),
    write: (content) => put(state, content),
    writeBefore: (content) => put(before, content),
    // The state first: the other alone says nothing.
    forget: async () => {
      await rm(state, { force: true })
      await rm(before, { force: true })
    },
  }
}

const isOneOf = <T extends string>(names: readonly T[], name: string): name is T => names.some((one) => one === name)
export const goesForward = (step: State['step']): step is Forward => isOneOf(forward, step)
export const goesBack = (step: State['step']): step is Backward => isOneOf(backward, step)
/** Whether an update is under way, or was when its run ended. */
export const isUnfinished = (state: State | undefined): state is State =>
  state !== undefined && (goesForward(state.step) || goesBack(state.step))
