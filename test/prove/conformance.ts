import { conform } from './conformance/conform.ts'
import { servers } from './conformance/servers.ts'
import type { Proof } from './proof.ts'

const requests = 100_000

export const conformanceProof: Proof = {
  title: 'Every request is counted once, whatever the server is made with',
  says:
    `Real clients make ${requests.toLocaleString('en')} requests of each server: kept connections, requests sent before the answer to the ` +
    'one before, bodies, streams, handlers that throw and reject, unknown paths and methods, and clients that leave in the ' +
    'middle of an answer or before it. Completed plus aborted is what the server itself accepted; completed is, by method, ' +
    'route and status, exactly what the clients got; aborted is how many left. Anything else is a fault.',
  columns: ['server', 'accepted', 'completed', 'aborted', 'series', 'faults'],
  prove: async (say) => {
    const rows: (string | number)[][] = []
    const faults: string[] = []
    for (const name of Object.keys(servers)) {
      const found = await conform(name, requests)
      say(`${name}: ${found.completed} completed, ${found.left} left by their clients, ${found.faults.length} faults`)
      rows.push([name, found.accepted, found.completed, found.left, found.series, found.faults.length])
      faults.push(...found.faults.map((fault) => `${name}: ${fault}`))
    }
    return { rows, faults }
  },
}
