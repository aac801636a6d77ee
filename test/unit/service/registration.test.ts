import { afterEach, expect, test } from 'vitest'
import { readServiceEnv } from '../../../config/env.ts'
import { foundation } from '../../../exporters/service/foundation.ts'
import { createService } from '../../../exporters/service/index.ts'
import { settingsOf } from '../../../exporters/service/options.ts'
import { registerFoundation } from '../../../exporters/service/registration.ts'
import { linesOf } from './kept.ts'

const ending: (() => Promise<void>)[] = []
afterEach(async () => {
  registerFoundation(undefined)
  for (const end of ending.splice(0)) await end()
})

/** As `--import` does it. */
const register = () => {
  const quiet = { metrics: false, errors: false, log: { folder: false, console: false } } as const
  const base = foundation(settingsOf({ ...quiet, name: 'registered' }, readServiceEnv({})))
  registerFoundation(base)
  ending.push(base.close)
  return base
}

test('a service of a process that is instrumented already adds to what is there', async () => {
  const base = register()
  const service = createService({ checks: { database: async () => undefined }, version: '1.2.3' })
  expect(service.name).toBe('registered')
  expect(await linesOf(base, 'health_check_up')).toEqual(['health_check_up{check="database"} 1'])
  expect(await service.health.answer('/health')).toMatchObject({ body: { version: '1.2.3' } })
})

test('what belongs to the process comes too late then, and is told by its name', () => {
  register()
  expect(() => createService({ name: 'mine', metrics: { port: 1 } })).toThrow(
    /^name, metrics came too late: this process was instrumented by --import, which takes it from the environment/,
  )
})

test('a second service of such a process is refused with what to do', () => {
  register()
  createService()
  expect(() => createService({ checks: { database: async () => undefined } })).toThrow(
    /^createService was called before: a process that was instrumented by --import has one service\. Call it once/,
  )
})

test('whoever closes while it closes waits for the same end', () => {
  const { close } = register()
  expect(close()).toBe(close())
})

test('a wrong option is told then as well', () => {
  register()
  expect(() => createService({ ignore: ['health'] })).toThrow('ignore.0: is no route')
})
