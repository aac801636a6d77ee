import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { redisStand, scrapeOf } from './redis-stand.ts'
import { cacheFlavours, workshop } from './servers.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

interface Family {
  readonly name: string
  readonly type: string
  /** In alphabetical order. */
  readonly labels: string
}

const family = (name: string, type: string, labels: Iterable<string>): Family => ({
  name,
  type,
  labels: [...new Set(labels)].sort().join(),
})

const contract = read('test/schemas/redis_exporter.metrics.txt')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [name = '', type = '', labels = ''] = line.split(' ')
    return family(name, type, labels === '-' ? [] : labels.split(','))
  })

/** What the guide says is left out, by the words in its first column: `redis_tile38_*` is all that begins so. */
const guide = read('docs/migrating.md')
  .split('\n## redis_exporter')[1]
  ?.split('### What is left out')[1]
  ?.split('\n#')[0]
const leftOut = [...(guide ?? '').matchAll(/^\| (`[^|]*)/gm)].flatMap(([, cell = '']) =>
  [...cell.matchAll(/`(\w+\*?)`/g)].map(([, name = '']) => name),
)
const covers = (pattern: string, name: string) =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
const isLeftOut = (name: string) => leftOut.some((pattern) => covers(pattern, name))
const wanted = contract.filter(({ name }) => !isLeftOut(name))

/** Each family that has a series. */
const parse = (body: string): readonly Family[] => {
  const types = new Map([...body.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type = '']) => [name, type]))
  const labels = new Map<string, string[]>()
  for (const line of body.split('\n')) {
    const whole = /^\w+/.exec(line)?.[0]
    if (whole === undefined) continue
    const name = types.has(whole) ? whole : whole.replace(/_(bucket|sum|count)$/, '')
    const own = [...line.matchAll(/[{,](\w+)="/g)].map(([, label = '']) => label)
    labels.set(name, [...(labels.get(name) ?? []), ...own])
  }
  return [...labels].map(([name, own]) => family(name, types.get(name) ?? '', own))
}

const shop = workshop()
afterAll(() => shop.end())

test('every family of the list is there by its name, type and labels on some server, or the guide says why not', async () => {
  const seen = new Map<string, Family>()
  for (const flavour of cacheFlavours) {
    const { urls, admin } = await redisStand(shop, flavour)
    for (const url of urls) {
      const { scrape, lines, close } = scrapeOf(url)
      for (const one of parse(await scrape())) {
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
