import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { assertChannels } from './channels.ts'
import { assertNothingGiven, writeSecrets } from './secrets.ts'

/** `--channels`: the folder of the secrets that alertmanager.yml names, where they have to be there. */
const options = {
  alertmanager: { type: 'string', default: '/etc/alertmanager/alertmanager.yml' },
  channels: { type: 'string' },
  'channels-are': { type: 'string', default: 'secrets' },
} as const

try {
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const [folder = '/secrets', ...given] = positionals
  assertNothingGiven(given)
  const { alertmanager, channels, 'channels-are': shown } = values
  if (channels) assertChannels({ config: readFileSync(alertmanager, 'utf8'), folder: channels, shown })
  const written = writeSecrets(folder)
  console.log(written.length === 0 ? 'Every secret is there already.' : `Wrote ${written.join(', ')}.`)
} catch (error) {
  console.error(`init: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
