import { join } from 'node:path'
import { z } from 'zod'
import { readIf } from '../../exporters/jobs/folder.ts'
import { reader } from '../../exporters/jobs/reader.ts'
import { replaceFile, syncFolder } from '../../exporters/replace-file.ts'

const moment = z.iso.datetime()
const shape = z.object({
  version: z.literal(1),
  /** Restarts that were begun lately, the newest last; each is written down before it is begun. */
  restarts: z.array(moment),
  /** The outage that goes on. */
  outage: z
    .object({
      /** When it was noticed. */
      since: moment,
      attempts: z.number(),
      gaveUp: z.boolean(),
    })
    .optional(),
})

/** What is known from one run to the next, also where a run was killed. */
export type State = Readonly<z.infer<typeof shape>>
export type Outage = NonNullable<State['outage']>

const nothing: State = { version: 1, restarts: [] }

const place = (folder: string) => join(folder, 'restarts.json')

/**
 * @param folder the job's own, below `JOBS_DIR`
 * @throws Error naming the file, where it is damaged
 */
export const readState = async (folder: string): Promise<State> =>
  (await readIf(place(folder), reader(shape))) ?? nothing

/** It is on the disk when this resolves. */
export const writeState = async (folder: string, state: State): Promise<void> => {
  await replaceFile(place(folder), `${JSON.stringify(state)}\n`)
  await syncFolder(place(folder))
}

const hour = 3_600_000

/** Restarts within the hour before `now`. A clock that was set back makes them no fewer, one that was wrong counts for an hour. */
export const lately = ({ restarts }: State, now: number): readonly string[] =>
  restarts.filter((one) => Math.abs(now - Date.parse(one)) < hour)
