import type { Env } from '../../config/env.ts'
import { jobs } from '../../config/jobs.ts'
import { type ReservationTable, reservationTable } from '../../config/reservations.ts'
import { type RestoreTestSettings, restoreTestSettings } from '../../config/restore-test.ts'
import type { Job } from '../job.ts'
import { bytesOf, diskOf, type Prepared, prepare } from './plan.ts'
import { restoreAll } from './work.ts'

interface More {
  readonly settings?: RestoreTestSettings
  readonly reservations?: ReservationTable
}

/** Restores the newest backups into a scratch database and a scratch folder, and looks at what came back. */
export const restoreTestJob = (
  env: Env,
  { settings = restoreTestSettings, reservations = reservationTable }: More = {},
): Job => ({
  name: 'restore-test',
  setting: jobs['restore-test'],
  plan: async (signal) => {
    const prepared = await prepare({ env, settings, signal })
    return {
      steps: await stepsOf(prepared, env, settings),
      run: (run) => restoreAll({ prepared, env, settings, reservations, run }),
    }
  },
})

const stepsOf = async (prepared: Prepared, env: Env, settings: RestoreTestSettings): Promise<readonly string[]> => {
  const { server, program, selection, database, others, absent, words } = prepared
  const { tables, constraints, indexes } = database.contents
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  const { host } = new URL(env.RESTORE_DATABASE_URL ?? '')
  const takes = `about ${bytesOf(database, settings)} bytes`
  return [
    `take the newest backups of ${words}`,
    ...absent.map((kind) => `leave out ${kind}, of which there is no backup`),
    ...(server.scratch === 'left'
      ? [`drop the scratch database ${settings.database}, which a run left that was killed`]
      : []),
    `restore ${database.file} (${database.bytes} bytes, data of ${database.taken}) into the scratch database ${settings.database}, which it makes on ${host} (PostgreSQL ${server.version}) as ${server.user}, by ${program.version}`,
    ...(server.superuser
      ? [`be a superuser there, who could touch more than that: a login that may only make databases would do`]
      : []),
    ...(server.systemIdentifier === database.source.systemIdentifier
      ? ['use the processor and the disk of the very server that the backup came from, and none of its databases']
      : []),
    (await diskOf(env, server)) === undefined
      ? `take ${takes} on the server's disk, whose room cannot be seen from here`
      : `take ${takes} on the server's disk, which has room for them`,
    ...selection.leftOut.map((one) => `leave out ${one}`),
    `compare it with its manifest: ${tables.length} tables with ${rows} rows, ${constraints.length} constraints, ${indexes.length} indexes`,
    ...others.map((one) =>
      one.kind === 'redis'
        ? `read ${one.file} (${one.bytes} bytes) to its end`
        : `unpack ${one.file} (${one.contents.length} files) below ${env.RESTORE_DIR}, and compare it with its manifest`,
    ),
    'drop the scratch database and remove what was unpacked, whatever happens',
  ]
}
