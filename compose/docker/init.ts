import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { assertChannels } from './channels.ts'
import { assertNothingGiven, writeSecrets } from './secrets.ts'
import { assertStored } from './storage.ts'

/** `--channels`: the folder of the secrets that alertmanager.yml names, where they have to be there. */
const options = {
  channels: { type: 'string' },
  'channels-are': { type: 'string', default: 'secrets' },
} as const

/** The agents' is there where Mimir is. */
const agentFile = '/etc/mimir/agent.yml'
const read = (path: string) => readFileSync(path, 'utf8')

try {
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const [folder = '/secrets', ...given] = positionals
  assertNothingGiven(given)
  const { channels, 'channels-are': shown } = values
  assertStored({
    prometheus: read('/etc/prometheus/prometheus.yml'),
    agent: existsSync(agentFile) ? read(agentFile) : undefined,
  })
  if (channels) assertChannels({ config: read('/etc/alertmanager/alertmanager.yml'), folder: channels, shown })
  const written = writeSecrets(folder)
  console.log(written.length === 0 ? 'Every secret is there already.' : `Wrote ${written.join(', ')}.`)
} catch (error) {
  console.error(`init: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
