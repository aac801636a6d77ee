import { expect, test } from 'vitest'
import { simulated } from '../prove/incidents.ts'

const incidents = 40

test('incidents that overlap, come back, are silenced, come twice and out of order are counted once each', async () => {
  const { runs } = await simulated(
    [{ alertmanager: 'alertmanager', ledger: 'file' }],
    { incidents, span: 16, restarts: 1, settleMs: 4_000 },
    7,
  )
  for (const { ways, faults, recorder } of runs) {
    expect(faults).toEqual([])
    expect(ways.reduce((sum, way) => sum + way.incidents, 0)).toBe(incidents)
    expect(recorder.kills).toBe(1)
  }
})
