import { expect, test } from 'vitest'
import { conform } from '../prove/conformance/conform.ts'
import { servers } from '../prove/conformance/servers.ts'

test.each(Object.keys(servers))('%s: completed and aborted requests are exactly those of its clients', async (name) => {
  const { faults, left, completed, broken, reused } = await conform(name, 1_500)
  expect(faults).toEqual([])
  expect(completed).toBeGreaterThan(1_000)
  expect(left).toBeGreaterThan(5)
  expect(broken).toBeGreaterThan(5)
  expect(reused).toBeGreaterThan(500)
})
