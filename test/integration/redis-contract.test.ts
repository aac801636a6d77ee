import { afterAll, expect, test } from 'vitest'
import { contractOf, type Family, leftOutOf, parse } from './contract.ts'
import { redisStand, scrapeOf } from './redis-stand.ts'
import { cacheFlavours, workshop } from './servers.ts'

const contract = contractOf('redis_exporter')
/** By the words in the guide: `redis_tile38_*` is all that begins so. */
const leftOut = leftOutOf('redis_exporter').flatMap((cell) =>
  [...cell.matchAll(/`(\w+\*?)`/g)].map(([, name = '']) => name),
)
const covers = (pattern: string, name: string) =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
const isLeftOut = (name: string) => leftOut.some((pattern) => covers(pattern, name))
const wanted = contract.filter(({ name }) => !isLeftOut(name))

const shop = workshop()
afterAll(() => shop.end())

test('every family of the list is there by its name, type and labels on some server, or the guide says why not', async () => {
  const seen = new Map<string, Family>()
  for (const flavour of cacheFlavours) {
    const { urls, admin } = await redisStand(shop, flavour)
    for (const url of urls) {
      const { scrape, lines, close } = scrapeOf(url)
      for (const one of parse(await scrape()).families) {
        // There, too, Valkey tells its own version besides.
        if (one.name === 'redis_instance_info' && flavour === 'valkey-8') continue
        expect(seen.get(one.name) ?? one).toEqual(one)
        seen.set(one.name, one)
      }
      expect(lines).toEqual([])
      await close()
    }
    admin.disconnect()
  }
  expect(wanted.length).toBeGreaterThan(200)
  expect(wanted.map(({ name }) => seen.get(name) ?? name)).toEqual(wanted)
  expect([...seen.keys()].filter(isLeftOut)).toEqual([])
  expect(leftOut.filter((pattern) => !contract.some(({ name }) => covers(pattern, name)))).toEqual([])
})
