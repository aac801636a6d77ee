import { conform } from './conformance/conform.ts'
import { servers } from './conformance/servers.ts'
import type { Proof } from './proof.ts'

const requests = 100_000

export const conformanceProof: Proof = {
  title: 'Every request is counted once, whatever the server is made with',
  says:
    `Real clients make ${requests.toLocaleString('en')} requests of each server: kept connections, requests sent before the answer to the ` +
    'one before, HEAD and OPTIONS, answers without a body, bodies, streams, handlers that throw and reject, unknown paths and ' +
    'methods, clients that leave in the middle of an answer, before it or in the middle of what they send, handlers that ' +
    'destroy their answer and streams that fail half-way. Completed plus aborted is what the server itself accepted; completed ' +
    'is, by method, route and status, exactly what the clients got, and 500 for what the server cut off; aborted is, by method ' +
    'and route, what they left. Anything else is a fault.',
  columns: [
    'server',
    'accepted',
    'completed',
    'of these cut off',
    'aborted',
    'over kept connections',
    'series',
    'faults',
  ],
  prove: async (say) => {
    const rows: (string | number)[][] = []
    const faults: string[] = []
    for (const name of Object.keys(servers)) {
      const found = await conform(name, requests)
      say(
        `${name}: ${found.completed} completed, ${found.broken} of them cut off, ${found.left} left by their clients, ${found.faults.length} faults`,
      )
      const { accepted, completed, broken, left, reused, series } = found
      rows.push([name, accepted, completed, broken, left, reused, series, found.faults.length])
      faults.push(...found.faults.map((fault) => `${name}: ${fault}`))
    }
    return { rows, faults }
  },
}
