import { postgresRoleChanged, postgresSplitBrain } from '../../../../alerts/postgres/availability.ts'
import { postgresStandbyConflicts } from '../../../../alerts/postgres/locks.ts'
import type { Server } from '../../../../compose/local/process.ts'
import type { Provocation } from '../provocation.ts'
import { type Application, ask, misconduct } from './application.ts'

/** What replay waits for a query that is in its way. */
export const standbySettings = { max_standby_streaming_delay: '500ms' } as const

export const standbySql = ['create table reports (id int)'] as const

const reports = 14

/** Queries of a table that the primary empties meanwhile. */
const inTheWay = async ({ open }: Application, primary: string) => {
  const sessions = await Promise.all(Array.from({ length: reports }, open))
  const asked = sessions.map((session) => session.query('select count(*), pg_sleep(600) from reports'))
  await ask(primary, 'truncate reports')
  const cancelled = (await Promise.allSettled(asked)).filter(
    (answer) => answer.status === 'rejected' && String(answer.reason).includes('conflict with recovery'),
  )
  if (cancelled.length < reports) throw new Error(`of ${reports} queries ${cancelled.length} were cancelled`)
}

/** A standby whose queries are in the way of its replay, and which is promoted in the end while its primary goes on. */
export const standbyFaults = (instance: string, standby: Server, primary: string): readonly Provocation[] => [
  misconduct({
    fault: 'the primary empties a table that 14 queries on the standby read',
    url: standby.url,
    application: 'reports',
    fires: [{ alert: postgresStandbyConflicts, labels: { instance, datname: 'postgres' } }],
    bring: (application) => inTheWay(application, primary),
  }),
  {
    fault: 'the standby is promoted while its primary goes on',
    fires: [{ alert: postgresRoleChanged, labels: { instance } }, { alert: postgresSplitBrain }],
    bring: () => ask(standby.url, 'select pg_promote()'),
    end: () => standby.stop(),
  },
]
