import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeGiven } from '../../compose/docker/given.ts'
import { settle } from '../../compose/watch.ts'
import { readEnv } from '../../config/env.ts'
import { lasting, type Stand, standWith, unwell } from './stand.ts'

/** What the demo alone has. */
const demo = ['postgres', 'redis', 'api', 'jobs']

/** The URL of the exporter's login, which may only read. */
const urlOf = ({ docker, name }: Stand) =>
  docker(
    ...['run', '--rm', '--network=none', '--volume', `${name}_secrets-exporter:/given:ro`],
    ...['--entrypoint', 'cat', `${name}-demo`, '/given/database_url'],
  )

/** The demo's servers take the part of real ones: whoever watches them is told of nothing but where they are. */
export const realTargets = async (stand: Stand, folder: string): Promise<string> => {
  const file = join(folder, 'database_url')
  writeFileSync(file, await urlOf(stand))
  chmodSync(file, 0o444)
  const given = { DATABASE_URL_FILE: file, API_URL: 'http://api:3000', API_METRICS_URL: 'http://api:9465/metrics' }
  writeGiven(readEnv(given), () => undefined)
  const there = standWith(stand, { ...given, COMPOSE_FILE: 'docker-compose.yml:docker-compose.targets.yml' })
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
  return `${services.length} services, none of the demo's: ${watched.join(', ')}`
}
