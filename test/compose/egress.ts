import { lookup } from 'node:dns/promises'
import { images } from '../../compose/images.ts'
import { lasting, type Stand } from './stand.ts'

/** Tries a connection from the network of a container, whatever that has of programs. */
const reaches = async ({ attempt, compose }: Stand, service: string, address: string): Promise<boolean> => {
  const program = `const socket = require('node:net').connect(443, '${address}')
socket.setTimeout(4000, () => process.exit(1)).once('connect', () => process.exit(0)).once('error', () => process.exit(1))`
  const network = `container:${await compose('ps', '--quiet', service)}`
  const { code } = await attempt([
    'run',
    '--rm',
    '--network',
    network,
    '--entrypoint',
    'node',
    images.node,
    '-e',
    program,
  ])
  return code === 0
}

/** Only who tells people gets out. */
export const shutIn = async (stand: Stand): Promise<string> => {
  // The registry that our images were built from: it is reached from here.
  const registry = new URL(process.env.npm_config_registry ?? 'https://registry.npmjs.org')
  const { address } = await lookup(registry.hostname, { family: 4 })
  const found = await Promise.all(lasting.map(async (name) => [name, await reaches(stand, name, address)] as const))
  const out = found.flatMap(([name, reached]) => (reached ? [name] : []))
  if (out.join() === 'alertmanager') return 'a server outside is reached from alertmanager, and from no other container'
  throw new Error(
    `a server outside is reached from ${out.join(', ') || 'no container, and Alertmanager has to reach one'}`,
  )
}
