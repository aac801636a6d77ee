import { writeSecrets } from './secrets.ts'

const [folder = '/secrets'] = process.argv.slice(2)

try {
  const written = writeSecrets(folder)
  console.log(written.length === 0 ? 'Every secret is there already.' : `Wrote ${written.join(', ')}.`)
} catch (error) {
  console.error(`init: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
