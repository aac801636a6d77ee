import { fileLedger } from '../../exporters/incidents/file-ledger.ts'
import { postgresLedger } from '../../exporters/incidents/postgres-ledger.ts'
import { startRecorder } from '../../exporters/incidents/recorder.ts'
import { processRegistry } from '../../exporters/registry.ts'

/** A recorder whose hours are seconds, in a process of its own that can be killed. */
export interface Task {
  readonly port: number
  readonly alertmanagerUrl: string
  readonly ledger: { readonly folder: string } | { readonly url: string }
  /** Milliseconds. */
  readonly responseTimes: Readonly<Record<string, number>>
  readonly settleMs: number
}

const { ledger, ...task }: Task = JSON.parse(process.argv[2] ?? '')
const tell = (words: string) => console.log(words)
const recorder = await startRecorder({
  ...task,
  ledger:
    'folder' in ledger ? await fileLedger({ ...ledger, tell }) : await postgresLedger({ url: () => ledger.url, tell }),
  owners: ['platform'],
  registry: processRegistry(),
  host: '127.0.0.1',
  tell,
  pollMs: 100,
})
process.once('SIGTERM', () => void recorder.close())
