import { writeGiven } from '../../compose/docker/given.ts'
import { readEnv } from '../../config/env.ts'
import { eventually } from '../integration/servers.ts'
import type { Stand } from './stand.ts'

/** A line for each container, of its service and its id. */
const containersOf = async (stand: Stand) =>
  (await stand.compose('ps', '--all', '--format', '{{.Service}} {{.ID}}')).split('\n')

/** Generates the configuration once more, with other links, and brings up what runs: who reads it has it, and nobody else is touched. */
export const takenUp = async (stand: Stand, given: string, variables: Stand['env']): Promise<string> => {
  const before = await containersOf(stand)
  const elsewhere = 'https://elsewhere.example.com'
  writeGiven(readEnv({ ...variables, GRAFANA_PUBLIC_URL: elsewhere }), () => undefined, given)
  await stand.compose('up', '--detach', '--no-build', '--wait')
  const prometheus = await stand.url('prometheus', 9090)
  await eventually(
    async () => (await fetch(`${prometheus}/api/v1/rules`)).text(),
    (rules) => rules.includes(elsewhere),
    { within: 10_000, every: 250 },
  )
  const anew = (await containersOf(stand)).filter((line) => !before.includes(line)).map((line) => line.split(' ')[0])
  const wanted = ['alertmanager', 'prometheus']
  if (anew.sort().join() !== wanted.join())
    throw new Error(`anew are ${anew.join(', ') || 'none'}, and not ${wanted.join(', ')}`)
  return `with links to another place generated, ${wanted.join(' and ')} began anew, with those, and nobody else`
}
