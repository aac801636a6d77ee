import { join } from 'node:path'
import { type Stack, startStack } from '../../../compose/stack.ts'
import type { ApiFault } from '../../../demo/faults.ts'
import { onFreePorts, type workshop } from '../../integration/servers.ts'

/** Longer than the slow answers that they are given. */
const patience = 300

/** The demo with its visitors and all that watches it, as `npm start` starts it; something goes wrong in it now and then. */
export const demoFor = async (shop: ReturnType<typeof workshop>) => {
  const env = await onFreePorts()
  const { signal } = new AbortController()
  const stack: Stack = await startStack({ env, folder: join(shop.folder, 'stack'), say: () => undefined, signal })
  const api = `http://127.0.0.1:${env.API_PORT}`
  const faults = (name: ApiFault) =>
    fetch(`${api}/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, seconds: 20 }),
    })
  await faults('errors')
  await faults('slow')
  // One who does not wait for the answer.
  await fetch(`${api}/tables`, { signal: AbortSignal.timeout(patience) }).catch(() => undefined)
  return { prometheus: `http://127.0.0.1:${env.PROMETHEUS_PORT}`, end: () => stack.stop() }
}
