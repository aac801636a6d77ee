import { expect, test } from 'vitest'
import { redisDown } from '../../alerts/redis/availability.ts'
import { exporting } from '../prove/alerts/exporter.ts'
import type { Scene } from '../prove/alerts/provocation.ts'
import { played } from '../prove/alerts/provoke.ts'

/** A server that is stopped, and one to which nothing happens. */
const scene: Scene = {
  name: 'small',
  alerts: [redisDown],
  adjusted: [],
  unprovoked: {},
  open: async (shop) => {
    const [stopped, well] = await Promise.all([shop.redis(), shop.redis()])
    const { running, scraped } = await exporting(shop.folder, {
      stopped: { kind: 'redis', url: stopped.url },
      well: { kind: 'redis', url: well.url },
    })
    shop.keep(running)
    const nothing = async () => undefined
    return {
      scraped: () => scraped,
      lanes: () => [
        [
          {
            fault: 'the server is stopped',
            fires: [{ alert: redisDown, labels: { instance: 'stopped' } }],
            bring: async () => process.kill(stopped.pid, 'SIGSTOP'),
            end: async () => process.kill(stopped.pid, 'SIGCONT'),
          },
        ],
        [
          {
            fault: 'nothing',
            fires: [{ alert: redisDown, labels: { instance: 'well' } }],
            bring: nothing,
            end: nothing,
            patience: 3,
          },
        ],
      ],
    }
  },
}

// The whole of it is `npm run prove -- alerts`.
test('an alert is told of as soon as its fault is there and over when that is gone, and never without it', async () => {
  const outcomes = await played(scene, () => undefined)
  const of = (fault: string) => outcomes.find((one) => one.fault === fault)
  expect(of('the server is stopped')?.failed).toBeUndefined()
  expect(of('the server is stopped')).toMatchObject({
    alert: { id: redisDown.id },
    drawn: true,
    notified: expect.any(Number),
    resolved: expect.any(Number),
  })
  expect(of('nothing')).toMatchObject({ failed: 'not firing within 3 s' })
})
