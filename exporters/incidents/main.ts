import { type Env, faultOf, readEnv } from '../../config/env.ts'
import { severities } from '../../config/sla.ts'
import { teams } from '../../config/teams.ts'
import { accessOf, exposure } from '../access.ts'
import { wordsOf } from '../failure.ts'
import { processRegistry } from '../registry.ts'
import { type Secret, secretOf } from '../secret.ts'
import { fileLedger } from './file-ledger.ts'
import { postgresLedger } from './postgres-ledger.ts'
import { type Recorder, startRecorder } from './recorder.ts'

const tell = (words: string) => console.warn(`incidents: ${words}`)

const hour = 3_600_000

const start = async () => {
  const env = readEnv()
  const {
    INCIDENTS_DATABASE_URL: database,
    ALERTMANAGER_URL: alertmanagerUrl = `http://127.0.0.1:${env.ALERTMANAGER_PORT}`,
  } = env
  const access = accessOf(env, tell)
  const ledger = await (database === undefined
    ? fileLedger({ folder: env.INCIDENTS_DIR, tell })
    : postgresLedger({ url: urlOf(env, database), tell }))
  const recorder = await startRecorder({
    ...access,
    ledger,
    alertmanagerUrl,
    responseTimes: Object.fromEntries(
      Object.entries(severities).map(([name, { respondWithinHours }]) => [name, respondWithinHours * hour]),
    ),
    owners: Object.keys(teams),
    registry: processRegistry(),
    host: env.INCIDENTS_HOST,
    port: env.INCIDENTS_PORT,
    tell,
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(recorder))
  const exposed = exposure(env, 'INCIDENTS_HOST')
  if (exposed) tell(exposed)
  const where = database === undefined ? `the folder ${env.INCIDENTS_DIR}` : 'PostgreSQL'
  tell(`listens on ${recorder.url}, and keeps incidents in ${where}`)
}

/** A password may be rotated while it runs, where the URL came by file. */
const urlOf = (env: Env, value: string): Secret =>
  secretOf({
    name: 'INCIDENTS_DATABASE_URL',
    value,
    file: env.files.INCIDENTS_DATABASE_URL,
    faultOf: (text) => faultOf('INCIDENTS_DATABASE_URL', text),
    tell,
  })

/** Deliveries under way get ten seconds; one that is cut off was not answered, and comes again. */
const stop = async (recorder: Recorder) => {
  const grace = setTimeout(() => process.exit(1), 10_000)
  grace.unref()
  await recorder.close()
}

start().catch((error: unknown) => {
  console.error(`incidents: ${wordsOf(error)}`)
  process.exit(1)
})
