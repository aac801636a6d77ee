import { severities } from '../../../config/sla.ts'
import { teams } from '../../../config/teams.ts'
import { fileLedger } from '../../../exporters/incidents/file-ledger.ts'
import { postgresLedger } from '../../../exporters/incidents/postgres-ledger.ts'
import { startRecorder } from '../../../exporters/incidents/recorder.ts'
import { processRegistry } from '../../../exporters/registry.ts'

/** The recorder as it runs in production, which looks at Alertmanager more often. */
export interface RecorderSettings {
  readonly port: number
  readonly alertmanagerUrl: string
  readonly keptIn: { readonly folder: string } | { readonly database: string }
  readonly pollMs: number
  readonly settleMs: number
}

const { keptIn, ...settings }: RecorderSettings = JSON.parse(process.argv[2] ?? '')
const tell = (words: string) => console.log(words)
const hour = 3_600_000

const recorder = await startRecorder({
  ...settings,
  ledger: await ('folder' in keptIn
    ? fileLedger({ folder: keptIn.folder, tell })
    : postgresLedger({ url: () => keptIn.database, tell })),
  host: '127.0.0.1',
  responseTimes: Object.fromEntries(
    Object.entries(severities).map(([name, { respondWithinHours }]) => [name, respondWithinHours * hour]),
  ),
  owners: Object.keys(teams),
  registry: processRegistry(),
  tell,
})
process.once('SIGTERM', () => void recorder.close().then(() => process.exit()))
