import { afterAll, expect, test } from 'vitest'
import { cases } from '../prove/jobs/cleanup.ts'
import { cases as restarts } from '../prove/jobs/restart.ts'
import { workshop } from './servers.ts'

const shop = workshop()
afterAll(() => shop.end())

// The rest of them are played by `npm run prove -- jobs`.
test('killed while batches are deleted, no reservation is lost that should stay, and the next run ends the work', async () => {
  const [first] = cases
  const proven = await first?.prove(shop)
  expect(proven).toMatchObject({ faults: [] })
})

test('killed while PM2 restarts the API, it has noted that, and the next run finds the API healthy', async () => {
  const proven = await restarts[0]?.prove(shop)
  expect(proven).toMatchObject({ faults: [] })
})
