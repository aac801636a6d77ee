import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { catalogue } from '../prove/faults/catalogue.ts'
import { deafClients, scrapesAtOnce } from '../prove/faults/crowd.ts'
import { examined, type Found } from '../prove/faults/occur.ts'
import { postgresFaults } from '../prove/faults/postgres.ts'
import { queued } from '../prove/faults/queue.ts'
import { redisFaults, wireFaults } from '../prove/faults/redis.ts'
import { openStand, type Stand } from '../prove/faults/stand.ts'

/** Those of which every occurrence takes seconds; `postgres.test.ts` and `redis-faults.test.ts` have them one by one. */
const elsewhere = /SIGSTOP.*backends|half of|ten bytes|nothing any more/

let stand: Stand
beforeAll(async () => {
  stand = await openStand({ tables: 500 })
})
afterAll(() => stand?.end())

describe('A server at fault is answered for in time and costs nobody else anything, and the scrape after is well', () => {
  const all = [...postgresFaults, ...redisFaults, ...wireFaults].filter(({ name }) => !elsewhere.test(name))

  test.each(all.map((fault) => [fault.name, fault] as const))('%s', async (_name, fault) => {
    expect((await examined(stand, fault, 1)).faults).toEqual([])
  })

  test('and no memory is held in the end', async () => {
    const idle = await stand.exporter.memory()
    for (const fault of redisFaults.filter(({ name }) => /NOAUTH/.test(name))) await examined(stand, fault, 5)
    const after = await stand.exporter.memory()
    expect(after.heap + after.external - idle.heap - idle.external).toBeLessThan(10 * 1024 ** 2)
  })
})

describe('Many who ask', () => {
  const [ofPostgres, ofRedis] = scrapesAtOnce
  test.each<[what: string, run: () => Promise<Found>]>([
    [
      'who wants a lock that a waiting scrape is in the way of waits no longer than the scrape may',
      () => queued(stand, 2),
    ],
    ['a hundred scrapes of PostgreSQL at once are one', () => ofPostgres(stand)],
    ['a hundred scrapes of Redis at once are one', () => ofRedis(stand)],
    ['clients that never read are cut off, and take nothing from those who do', () => deafClients(stand, { times: 1 })],
    ['2,000 relations are told of in time', () => catalogue(stand, { tables: 500, times: 3 })],
  ])('%s', async (_what, run) => {
    expect((await run()).faults).toEqual([])
  })
})
