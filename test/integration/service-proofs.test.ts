import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canLimit, fullDisk } from '../prove/service-ends/full-disk.ts'
import { sigterm } from '../prove/service-ends/sigterm.ts'
import { openStand, type Stand } from '../prove/service-ends/stand.ts'
import { stormed } from '../prove/service-ends/storm.ts'
import { flat } from '../prove/service-memory/run.ts'

// One small case of each: `npm run prove -- service-memory` and `-- service-ends` are the whole.

test('memory and series of a service stay as they are under hostile requests, and each of them is counted', async () => {
  const { faults, last } = await flat({ server: 'Express 4', log: 'all', requests: 3_000 })
  expect(faults).toEqual([])
  expect(last.aborted).toBeGreaterThan(10)
  expect(last.byNode).toBeGreaterThan(0)
})

describe('an application that ends', async () => {
  let stand: Stand
  beforeAll(async () => {
    stand = await openStand()
  })
  afterAll(() => stand.end())
  const faultsOf = (found: readonly { readonly faults: readonly string[] }[]) => found.flatMap(({ faults }) => faults)

  test.each([true, false])(
    'does so as without us under SIGTERM, and every line is written: closing itself %s',
    async (graceful) => {
      const found = await sigterm(stand, { framework: 'Fastify 5', graceful, times: 1, before: 300 })
      expect(faultsOf(found)).toEqual([])
    },
  )

  test('answers through a storm of rejections, counts each, and leaves with code 1 after an exception', async () => {
    expect(faultsOf(await stormed(stand, { framework: 'Express 5', many: 5_000 }, true))).toEqual([])
  })

  test.runIf(await canLimit())(
    'answers while the disk is full, and written and lost lines are all there were',
    async () => {
      expect((await fullDisk(stand, { framework: 'Fastify 5', many: 12_500 })).faults).toEqual([])
    },
  )
})
