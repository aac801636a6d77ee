import { preparePlace } from './place.ts'

const [folder = '/secrets'] = process.argv.slice(2)

try {
  const written = preparePlace(folder)
  console.log(written.length === 0 ? 'Every secret is there already.' : `Wrote ${written.join(', ')}.`)
} catch (error) {
  console.error(`mimir-init: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
