import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { secretsIn } from '../../compose/docker/channels.ts'
import { writeGiven } from '../../compose/docker/given.ts'
import { root } from '../../compose/plan.ts'
import { settle } from '../../compose/watch.ts'
import { readEnv } from '../../config/env.ts'
import { takenUp } from './changes.ts'
import { lasting, type Stand, standWith, unwell } from './stand.ts'

/** What the demo alone has. */
const demo = ['postgres', 'redis', 'api', 'jobs']

/** The URL of the exporter's login, which may only read. */
const urlOf = ({ docker, name }: Stand) =>
  docker(
    ...['run', '--rm', '--network=none', '--volume', `${name}_secrets-exporter:/given:ro`],
    ...['--entrypoint', 'cat', `${name}-demo`, '/given/database_url'],
  )

const running = async ({ compose }: Stand) =>
  (await compose('ps', '--status', 'running', '--format', '{{.Service}} {{.ID}}')).split('\n').filter(Boolean)

/** The channels' secrets, of which one is missing at first: all that is to begin anew waits for who names it. */
const channels = async (there: Stand, given: string) => {
  const place = there.env.SECRETS_DIR ?? ''
  const names = secretsIn(readFileSync(join(given, 'alertmanager/alertmanager.yml'), 'utf8'))
  for (const name of names.slice(1)) writeFileSync(join(place, name), 'x', { mode: 0o444 })
  const missing = join(place, names[0] ?? '')
  const before = await running(there)
  const { code } = await there.attempt(['compose', 'up', '--detach', '--no-build', '--wait'])
  const log = await there.compose('logs', '--no-log-prefix', 'init')
  // What is not to change goes on as it ran with the demo.
  const begun = (await running(there)).filter((line) => !before.includes(line)).map((line) => line.split(' ')[0])
  if (code === 0 || !log.includes(`${missing} is missing or empty`))
    throw new Error(`init does not say that ${missing} is missing: ${log}`)
  if (begun.length > 0) throw new Error(`${begun.join(', ')} began although init had refused`)
  writeFileSync(missing, 'x', { mode: 0o444 })
}

/** docker-compose.targets.yml, but for the folder that it mounts: whoever watches real services from this checkout uses that. */
const targetsFile = (folder: string, given: string) => {
  const text = readFileSync(join(root, 'docker-compose.targets.yml'), 'utf8')
  const file = join(folder, 'targets.yml')
  writeFileSync(file, text.replaceAll(/(?<=^ +source: |path: )(?:\.\/)?\.local\/given(?=\/)/gm, given))
  return file
}

/** The demo's servers take the part of real ones: whoever watches them is told of nothing but where they are. */
export const realTargets = async (stand: Stand, folder: string): Promise<string> => {
  const file = join(folder, 'database_url')
  writeFileSync(file, await urlOf(stand))
  chmodSync(file, 0o444)
  const variables = { DATABASE_URL_FILE: file, API_URL: 'http://api:3000', API_METRICS_URL: 'http://api:9465/metrics' }
  const given = join(folder, 'given')
  writeGiven(readEnv(variables), () => undefined, given)
  const there = standWith(stand, { ...variables, COMPOSE_FILE: `docker-compose.yml:${targetsFile(folder, given)}` })
  const mounted = await there.compose('config')
  if (mounted.includes(join(root, '.local')) || !mounted.includes(given))
    throw new Error(`the checkout's own configuration for real services would be mounted, and not ${given}`)
  await channels(there, given)
  await there.compose('up', '--detach', '--no-build', '--wait')
  const services = (await there.compose('config', '--services')).split('\n')
  const left = demo.filter((name) => services.includes(name))
  const faults = unwell(await there.containers()).filter((words) => lasting.some((name) => words.startsWith(name)))
  if (left.length > 0 || faults.length > 0)
    throw new Error([...left.map((name) => `${name} is not left out`), ...faults].join('; '))
  const prometheus = await there.url('prometheus', 9090)
  const { states } = await settle(prometheus, { within: 90_000, signal: new AbortController().signal })
  const watched = states.map(({ job, instance, health }) => `${job}/${instance} ${health}`)
  const wanted = ['api/api up', 'postgres/main up', 'probe/api up', 'reservations/main up']
  const missing = wanted.filter((one) => !watched.includes(one))
  if (missing.length > 0 || watched.some((one) => one.startsWith('redis/')))
    throw new Error(`watched are ${watched.join(', ')}`)
  const taken = await takenUp(there, given, variables)
  return `${services.length} services, none of the demo's, once every secret of a channel is there: ${watched.join(', ')}; ${taken}`
}
