import { expect, test } from 'vitest'
import { printed } from '../../exporters/exposition.ts'
import { registrySource } from '../../exporters/service/instruments/registered.ts'
import { filledRegistry } from '../filled-registry.ts'
import { checked } from './promtool.ts'

test.each([false, true])('promtool has nothing against what a registry holds: of OpenMetrics %s', async (open) => {
  const kept = await registrySource(filledRegistry(open))()
  expect(await checked([...printed(kept, { open: false })].join(''))).toBe('')
})
