import { createServer } from 'node:net'
import { assertStartable } from '../../compose/docker/way.ts'
import { freePort } from '../integration/servers.ts'
import { assertKept, sizes, whatIsKept } from './kept.ts'
import { type Stand, standWith } from './stand.ts'

interface Refusal {
  readonly service: string
  /** What whoever starts it reads. */
  readonly says: RegExp
}

/** A start that has to end before anything that goes on running runs. */
const refused = async (stand: Stand, { service, says }: Refusal) => {
  const { code } = await stand.attempt(['compose', 'up', '--detach', '--no-build', '--wait'])
  const log = await stand.compose('logs', '--no-log-prefix', service)
  const running = (await stand.containers()).filter(({ state }) => state === 'running').map((one) => one.service)
  await stand.compose('down')
  if (code === 0) throw new Error(`a start that ${service} had to refuse went well`)
  if (!says.test(log)) throw new Error(`${service} does not say what is wrong: ${log}`)
  if (running.length > 0) throw new Error(`${running.join(', ')} ran although ${service} had refused`)
}

const inVolume = ({ docker, name }: Stand, volume: string, image: string, script: string) =>
  docker(
    ...['run', '--rm', '--network=none', '--volume', `${name}_${volume}:/volume`],
    ...['--entrypoint', 'sh', image, '-c', script],
  )

const otherMajor = async (stand: Stand) => {
  const write = (major: string) =>
    stand.compose(
      ...['run', '--rm', '--no-deps', '--no-TTY', 'postgres-volume'],
      ...['sh', '-c', `echo ${major} > /var/lib/postgresql/data/PG_VERSION`],
    )
  await write('16')
  await refused(stand, {
    service: 'postgres-volume',
    says: /has the data of PostgreSQL 16, and the image is PostgreSQL \d+\./,
  })
  await write('17')
}

const lostSecrets = async (stand: Stand) => {
  const move = (from: string, to: string) =>
    inVolume(stand, 'secrets-init', `${stand.name}-demo`, `mv /volume/${from} /volume/${to}`)
  await move('secrets.json', 'kept.json')
  await refused(stand, { service: 'init', says: /init\/secrets\.json is gone, but .*redis\/redis\.conf/ })
  await move('kept.json', 'secrets.json')
}

const takenPort = async (stand: Stand) => {
  const port = await freePort()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  try {
    const start = assertStartable(standWith(stand, { PROMETHEUS_PORT: String(port) }).attempt)
    const words = await start.then(() => 'it would start', String)
    if (!words.includes(`port ${port} (Prometheus) is in use`))
      throw new Error(`a port that is taken is not named: ${words}`)
  } finally {
    server.close()
  }
}

/** What was done to it is undone again: it comes up afterwards. */
export const refusals = async (stand: Stand): Promise<string> => {
  const kept = await whatIsKept(stand)
  await stand.compose('down')
  await takenPort(stand)
  await otherMajor(stand)
  await lostSecrets(stand)
  await stand.compose('up', '--detach', '--no-build', '--wait')
  await assertKept(kept)
  return `a port that is taken, a volume of another PostgreSQL and secrets that are gone were named before anything ran; with that mended, all came up in new containers, and nothing was lost of ${sizes(kept)}`
}
