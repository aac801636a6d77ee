import { readEnv } from '../config/env.ts'
import { setupDemo } from './setup.ts'

/** Prepares the demo's database and ends, for a stack whose parts are started by others. */
const prepare = async () => {
  const { DEMO_ADMIN_URL, DEMO_API_PASSWORD, DEMO_EXPORTER_PASSWORD } = readEnv()
  if (!DEMO_ADMIN_URL || !DEMO_API_PASSWORD || !DEMO_EXPORTER_PASSWORD) {
    throw new Error('set DEMO_ADMIN_URL, DEMO_API_PASSWORD and DEMO_EXPORTER_PASSWORD, or the same with _FILE')
  }
  await setupDemo({
    adminUrl: DEMO_ADMIN_URL,
    passwords: { api: DEMO_API_PASSWORD, exporter: DEMO_EXPORTER_PASSWORD },
  }).catch((cause: unknown) => {
    throw new Error(`could not prepare the demo's database: ${reason(cause)}`, { cause })
  })
  console.log("The demo's database, its tables, rows and logins are there.")
}

const reason = (cause: unknown) => {
  if (!(cause instanceof Error)) return String(cause)
  // A cluster keeps the password it was made with, whatever its secret file says today.
  const other = 'code' in cause && cause.code === '28P01'
  return other ? `${cause.message}: this server was made with another password than DEMO_ADMIN_URL has` : cause.message
}

prepare().catch((error: unknown) => {
  console.error(`prepare: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
})
