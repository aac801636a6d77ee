import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspected } from './hardened.ts'
import { lasting, type Stand } from './stand.ts'

/** The random secrets that init has written, and what they are for. */
export const secretsOf = async ({ docker, name }: Stand): Promise<ReadonlyMap<string, string>> => {
  const program = "console.log(require('node:fs').readFileSync('/secrets/init/secrets.json', 'utf8'))"
  const volume = `${name}_secrets-init:/secrets/init:ro`
  const run = ['run', '--rm', '--network', 'none', '--volume', volume, '--entrypoint', 'node', `${name}-demo`]
  const found: Readonly<Record<string, string>> = JSON.parse(await docker(...run, '-e', program))
  return new Map(Object.entries(found))
}

type Secrets = ReadonlyMap<string, string>
interface Place {
  readonly name: string
  readonly text: string
}

const namesIn = (secrets: Secrets, { name, text }: Place) =>
  [...secrets].flatMap(([secret, value]) => (text.includes(value) ? [`${name} has ${secret}`] : []))

/** Whether a secret stands anywhere in the files of a container, those of its image and what was written since. */
const inFiles = async ({ env }: Stand, container: string, patterns: string) => {
  const options = { env: { ...process.env, ...env } }
  const files = spawn('docker', ['export', container], { ...options, stdio: ['ignore', 'pipe', 'ignore'] })
  const grep = spawn('grep', ['--binary-files=text', '--fixed-strings', '--quiet', `--file=${patterns}`], {
    stdio: [files.stdout, 'ignore', 'inherit'],
  })
  const [code] = await once(grep, 'exit')
  files.kill()
  if (code !== 0 && code !== 1) throw new Error(`could not search the files of ${container}`)
  return code === 0
}

/** Every process of a container, as the kernel keeps what it was started with, and its name. The first has to be readable. */
const script = `set -eu
cat /proc/1/environ > /dev/null
for process in /proc/[0-9]*; do
  cat $process/environ 2> /dev/null || continue
  printf '\\n=== '
  cat $process/comm 2> /dev/null || echo gone
done`

/** They take their login from their environment, for an argument is read by every user: as long as they run. */
const excepted = ['pg_dump', 'pg_restore']

const environments = async ({ within }: Stand, service: string): Promise<readonly Place[]> => {
  const processes = [...(await within(service, script)).matchAll(/([\s\S]*?)\n=== (.*)(?:\n|$)/g)]
  if (processes.length === 0) throw new Error(`could not read the environment of any process of ${service}`)
  return processes
    .filter(([, , name = '']) => !excepted.includes(name))
    .map(([, text = '', name]) => ({ name: `the environment of ${name} in ${service}`, text }))
}

/** Looks for every secret in what each process was started with. Nobody may be paused. */
export const inherited = async (stand: Stand): Promise<string> => {
  const secrets = await secretsOf(stand)
  const looked = (await Promise.all(lasting.map((service) => environments(stand, service)))).flat()
  const faults = looked.flatMap((place) => namesIn(secrets, place))
  if (faults.length > 0) throw new Error(faults.join('; '))
  return `${secrets.size} secrets looked for in the environment of ${looked.length} processes: none`
}

const places = async (stand: Stand): Promise<readonly Place[]> => {
  const { docker, compose, within } = stand
  const images = [...new Set((await compose('config', '--images')).split('\n'))]
  const history = images.map(async (name) => ({
    name: 'an image',
    text: (await Promise.all([docker('history', '--no-trunc', name), docker('inspect', name)])).join('\n'),
  }))
  return Promise.all([
    ...history,
    inspected(stand).then((all) => ({ name: 'a container', text: JSON.stringify(all) })),
    compose('logs', '--no-color').then((text) => ({ name: 'a log', text })),
    compose('top').then((text) => ({ name: 'the title of a process', text })),
    within('api', 'cat /var/log/techplus/*').then((text) => ({ name: "the API's log", text })),
    within('jobs', 'find /var/lib/techplus/maintenance -path "*/demo/*" -prune -o -type f -exec cat {} +').then(
      (text) => ({
        name: 'a record of the jobs',
        text,
      }),
    ),
    compose('config').then((text) => ({ name: 'docker compose config', text })),
  ])
}

/** Nobody's own: of the images that are built here, what is in the folder of the program. */
const strays = async ({ within }: Stand) => {
  const own = ['api', 'exporter', 'jobs']
  const found = await Promise.all(own.map((service) => within(service, 'ls -A /app')))
  return own.flatMap((service, place) =>
    (found[place] ?? '')
      .split('\n')
      .filter((name) => !['dist', 'node_modules', 'package.json'].includes(name))
      .map((name) => `the image of ${service} has ${name}`),
  )
}

/** Looks for every secret wherever else none may be. */
export const searched = async (stand: Stand, folder: string): Promise<string> => {
  const secrets = await secretsOf(stand)
  const looked = await places(stand)
  const patterns = join(folder, 'patterns')
  writeFileSync(patterns, `${[...secrets.values()].join('\n')}\n`, { mode: 0o600 })
  const faults = [...looked.flatMap((place) => namesIn(secrets, place)), ...(await strays(stand))]
  for (const service of lasting) {
    const container = await stand.compose('ps', '--quiet', service)
    if (await inFiles(stand, container, patterns)) faults.push(`the files of ${service} have a secret`)
  }
  if (faults.length > 0) throw new Error(faults.join('; '))
  return `${secrets.size} secrets looked for in ${[...new Set(looked.map(({ name }) => name))].join(', ')}, and in all files of ${lasting.length} containers: none`
}
