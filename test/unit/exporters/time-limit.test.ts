import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { within } from '../../../exporters/time-limit.ts'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

const { signal } = new AbortController()

/** What has no other name than this, as where it is handed over at once. */
const begun = (milliseconds: number) => once(within(milliseconds, signal), 'abort')

test('the time of what somebody waits for runs out, whatever is collected as garbage meanwhile', async () => {
  const late = begun(300)
  await delay(100)
  collect()
  const ended = await Promise.race([late.then(() => 'its time ran out'), delay(3_000, 'nothing for three seconds')])
  expect(ended).toBe('its time ran out')
})

test('whoever ends it ends it before its time, and with their own reason', async () => {
  const controller = new AbortController()
  const both = within(60_000, controller.signal)
  controller.abort(new Error('stopped'))
  expect(both.reason).toEqual(new Error('stopped'))
})
