import { postgresDown, postgresProcessCrashed, postgresRestarted } from '../../../../alerts/postgres/availability.ts'
import type { FaultyPostgres } from '../../faults/servers.ts'
import type { Provocation } from '../provocation.ts'

/** A server that restarts, that loses a process, that hangs, and that is gone. */
export const availabilityFaults = (instance: string, server: FaultyPostgres): readonly Provocation[] => {
  const labels = { instance }
  return [
    {
      fault: 'the server is shut down and started again',
      fires: [{ alert: postgresRestarted, labels }],
      bring: async () => {
        await server.quit('SIGINT')
        await server.start()
      },
      end: async () => undefined,
    },
    {
      fault: 'one of its sessions is killed (kill -9)',
      fires: [{ alert: postgresProcessCrashed, labels }],
      bring: async () => {
        const victim = await server.client()
        const { rows } = await victim.query('select pg_backend_pid() as pid')
        process.kill(rows[0].pid, 'SIGKILL')
      },
      end: async () => undefined,
    },
    {
      fault: 'the server and all its sessions hang (SIGSTOP)',
      fires: [{ alert: postgresDown, labels }],
      bring: async () => server.signal('SIGSTOP'),
      end: async () => server.signal('SIGCONT'),
    },
    {
      fault: 'the server is killed (kill -9)',
      fires: [{ alert: postgresDown, labels }],
      bring: () => server.kill(),
      end: () => server.start(),
    },
  ]
}
