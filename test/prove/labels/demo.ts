import { join } from 'node:path'
import { startStack } from '../../../compose/stack.ts'
import type { ApiFault } from '../../../demo/faults.ts'
import { tomorrow } from '../../integration/demo-stand.ts'
import { onFreePorts, type workshop } from '../../integration/servers.ts'

/** Milliseconds that a guest waits for an answer, which is less than a slow one takes. */
const hurried = 300

/** So that each status has an answer. The demo's own visitors come at random. */
const visit = async (api: string) => {
  const ask = (path: string, init?: RequestInit) => fetch(`${api}${path}`, init)
  const post = (path: string, body: object) =>
    ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const bring = (name: ApiFault) => post('/faults', { name, seconds: 60 })
  for (const path of [tomorrow(1), '/tables', '/nowhere']) await ask(path)
  await post('/reservations', { partySize: 2 })
  await bring('errors')
  for (const hour of [1, 2]) await ask(tomorrow(hour))
  await bring('slow')
  await ask(tomorrow(3), { signal: AbortSignal.timeout(hurried) }).catch(() => undefined)
}

/** The demo with all that watches it, as `npm start` starts it; something goes wrong in it. */
export const demoFor = async (shop: ReturnType<typeof workshop>) => {
  const env = await onFreePorts({ TRAFFIC_RATE: '0' })
  const { signal } = new AbortController()
  const stack = await startStack({ env, folder: join(shop.folder, 'stack'), say: () => undefined, signal })
  await visit(`http://127.0.0.1:${env.API_PORT}`)
  return { prometheus: `http://127.0.0.1:${env.PROMETHEUS_PORT}`, end: () => stack.stop() }
}
