import { type FaultyPostgres, faultyPostgres } from '../faults/servers.ts'

type Process = 'prometheus' | 'alertmanager' | 'recorder' | 'postgres'

/** What is killed, and where incidents are kept meanwhile. */
export interface Victim {
  readonly name: string
  readonly processes: readonly Process[]
  /** Undefined where a file keeps them. */
  ledger(folder: string): Promise<{ readonly url?: string; readonly server?: FaultyPostgres }>
}

const inFile: Victim['ledger'] = async () => ({})
const inPostgres: Victim['ledger'] = async (folder) => {
  const server = await faultyPostgres(folder, 'ledger', {})
  return { url: server.url, server }
}

export const nobody: Victim = { name: 'nothing', processes: [], ledger: inFile }

export const victims: readonly Victim[] = [
  { name: 'Prometheus', processes: ['prometheus'], ledger: inFile },
  { name: 'Alertmanager', processes: ['alertmanager'], ledger: inFile },
  { name: 'recorder, incidents in a file', processes: ['recorder'], ledger: inFile },
  { name: 'recorder, incidents in PostgreSQL', processes: ['recorder'], ledger: inPostgres },
  { name: 'PostgreSQL, which keeps incidents', processes: ['postgres'], ledger: inPostgres },
  { name: 'Prometheus and Alertmanager', processes: ['prometheus', 'alertmanager'], ledger: inFile },
  {
    name: 'Alertmanager and recorder, incidents in PostgreSQL',
    processes: ['alertmanager', 'recorder'],
    ledger: inPostgres,
  },
  { name: 'Prometheus and recorder, incidents in a file', processes: ['prometheus', 'recorder'], ledger: inFile },
]
