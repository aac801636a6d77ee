import { assertNothingGiven, writeSecrets } from './secrets.ts'

const [folder = '/secrets', ...given] = process.argv.slice(2)

try {
  assertNothingGiven(given)
  const written = writeSecrets(folder)
  console.log(written.length === 0 ? 'Every secret is there already.' : `Wrote ${written.join(', ')}.`)
} catch (error) {
  console.error(`init: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
