import { faultOf } from '../../../config/env.ts'
import { teams } from '../../../config/teams.ts'
import { fileLedger } from '../../../exporters/incidents/file-ledger.ts'
import { postgresLedger } from '../../../exporters/incidents/postgres-ledger.ts'
import { startRecorder } from '../../../exporters/incidents/recorder.ts'
import { processRegistry } from '../../../exporters/registry.ts'
import { secretOf } from '../../../exporters/secret.ts'

/** Our recorder of incidents as `exporters/incidents/main.ts` starts it, with other times. */
export interface Recording {
  readonly port: number
  readonly alertmanagerUrl: string
  readonly folder: string
  /** Of a PostgreSQL; else the folder keeps incidents. */
  readonly database?: string
  /** Milliseconds. */
  readonly responseTimes: Readonly<Record<string, number>>
  readonly pollMs: number
  readonly settleMs: number
  readonly staleMs: number
}

const { database, folder, ...times }: Recording = JSON.parse(process.argv[2] ?? '{}')
const tell = (words: string) => console.warn(`incidents: ${words}`)
const name = 'INCIDENTS_DATABASE_URL'
const ledger = await (database === undefined
  ? fileLedger({ folder, tell })
  : postgresLedger({
      url: secretOf({ name, value: database, file: undefined, faultOf: (text) => faultOf(name, text), tell }),
      tell,
    }))
const recorder = await startRecorder({
  ...times,
  ledger,
  owners: Object.keys(teams),
  registry: processRegistry(),
  host: '127.0.0.1',
  tell,
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void recorder.close())
