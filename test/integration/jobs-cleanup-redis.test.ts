import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type CacheCleanup, cleanupSetting } from '../../config/cleanup.ts'
import { readEnv } from '../../config/env.ts'
import type { JobRecord } from '../../exporters/jobs/record.ts'
import { openRedisSession, type RedisSession } from '../../exporters/redis/session.ts'
import { removeSessions } from '../../jobs/cleanup/cache.ts'
import { cleanupJob } from '../../jobs/cleanup/index.ts'
import { Refused } from '../../jobs/job.ts'
import { runJob } from '../../jobs/runner.ts'
import { workshop } from './servers.ts'

const shop = workshop()
let url = ''
let client: Redis
let numbered = 0
const fresh = () => new AbortController().signal

const { cache, ceilings } = cleanupSetting
if (!cache) throw new Error('config/cleanup.ts cleans no cache')
const setting = cache

beforeAll(async () => {
  url = (await shop.redis({ settings: { 'enable-debug-command': 'yes' } })).url
  client = new Redis(url)
})
beforeEach(async () => {
  numbered += 1
  await client.flushall()
  await client.config('SET', 'maxmemory-policy', 'noeviction')
})
afterAll(async () => {
  client?.disconnect()
  await shop.end()
})

const job = (more: Partial<CacheCleanup> = {}, other = ceilings, to = url) =>
  cleanupJob(readEnv({ JOBS_REDIS_URL: to }), { what: { cache: { ...setting, ...more }, ceilings: other } })
const done = (one = job()) =>
  runJob(one, { folder: `${shop.folder}/jobs-${numbered}`, signal: fresh(), tell: () => undefined })
const measured = ({ samples }: JobRecord) =>
  Object.fromEntries(samples.map(({ metric, labels, value }) => [[metric, ...Object.values(labels)].join(' '), value]))

/** Keys of every kind; the idle time of the old ones is set as a restore sets it. */
const fill = async ({ expired = 250, old = 120, young = 30, living = 40 } = {}) => {
  const value = await (async () => {
    await client.set('model', 'a session')
    const dumped = await client.callBuffer('DUMP', 'model')
    await client.del('model')
    if (!Buffer.isBuffer(dumped)) throw new Error('no dump')
    return dumped
  })()
  const work = client.pipeline()
  for (let n = 0; n < expired; n += 1) work.set(`expired:${n}`, 'x')
  for (let n = 0; n < old; n += 1) work.call('RESTORE', `session:old-${n}`, 0, value, 'IDLETIME', 8 * 86_400)
  for (let n = 0; n < young; n += 1) work.set(`session:young-${n}`, 'x')
  for (let n = 0; n < living; n += 1) work.set(`session:living-${n}`, 'x', 'EX', 1_800)
  work.set('sessions', 'x').set('other:expired:1', 'x').set('expiredly', 'x')
  work.set(Buffer.from('expired:\xff\xfe', 'latin1'), 'bytes that are no text')
  for (const failure of (await work.exec()) ?? []) if (failure[0]) throw failure[0]
}
const names = async (pattern: string) => (await client.keys(pattern)).length

test('what was put aside goes, and sessions without an end that nobody used for a week', async () => {
  await fill()
  expect((await job().plan(fresh())).steps).toEqual([
    'remove 251 keys expired:* from Redis',
    'remove 120 sessions without an end (session:*) from Redis that nobody used for 7 days',
    'leave 30 sessions without an end (session:*): they were used within 7 days',
  ])
  expect(await names('*')).toBe(444)
  const record = await done()
  expect(record).toMatchObject({ outcome: 'succeeded' })
  expect(measured(record)).toEqual({
    'cleanup_removed expired_keys': 251,
    'cleanup_removed sessions': 120,
    'cleanup_left expired_keys': 0,
    'cleanup_left sessions': 30,
    'cleanup_ceiling_reached expired_keys': 0,
    'cleanup_ceiling_reached sessions': 0,
  })
  expect(await names('expired:*')).toBe(0)
  expect(await names('session:*')).toBe(70)
  expect(await client.mget('sessions', 'other:expired:1', 'expiredly')).toEqual(['x', 'x', 'x'])
})

test('as the handbook has it, every session without an end goes, and none with one', async () => {
  await fill()
  expect(measured(await done(job({ idleDays: 0 })))).toMatchObject({
    'cleanup_removed sessions': 150,
    'cleanup_left sessions': 0,
  })
  expect(await names('session:*')).toBe(40)
  expect(await names('session:living-*')).toBe(40)
})

test('where the server does not know when a session was used, all of them stay, and it is said how to let them go', async () => {
  await fill()
  await client.config('SET', 'maxmemory-policy', 'allkeys-lfu')
  const record = await done()
  expect(record).toMatchObject({
    outcome: 'succeeded',
    words: expect.stringContaining('(150 are left: with an LFU policy the server does not know when they were used'),
  })
  expect(measured(record)).toMatchObject({ 'cleanup_removed sessions': 0, 'cleanup_left sessions': 150 })
  expect(measured(await done(job({ idleDays: 0 })))).toMatchObject({ 'cleanup_removed sessions': 150 })
})

test('no more is removed in a second than is allowed', async () => {
  await fill({ expired: 600 })
  const began = performance.now()
  await done(job({ removedPerSecond: 300 }))
  // The first of the batches is removed at once.
  expect(performance.now() - began).toBeGreaterThan(1_900)
})

test('a session that is written between the look and the removal stays', async () => {
  await fill({ expired: 0, old: 40, young: 0, living: 0 })
  const session = await openRedisSession({ url, connectionName: 'test', signal: fresh() })
  let looked = 0
  const interrupted: RedisSession = {
    ...session,
    ask: async (command, ...parameters) => {
      const reply = await session.ask(command, ...parameters)
      if (command === 'OBJECT') looked += 1
      // It was told of all of them that nobody used them.
      if (command === 'OBJECT' && looked === 40) {
        await client.set('session:old-7', 'a guest came back', 'EX', 1_800)
      }
      return reply
    },
  }
  let removed = 0
  await removeSessions(interrupted, 1_000, { setting, signal: fresh() }, (count) => {
    removed += count
  })
  session.close()
  expect(removed).toBe(39)
  expect(await client.keys('session:*')).toEqual(['session:old-7'])
})

test('above a ceiling none of that kind goes', async () => {
  await fill()
  const record = await done(job({}, { ...ceilings, sessions: 119 }))
  expect(record).toMatchObject({
    outcome: 'undecided',
    words: expect.stringContaining('npm run job -- cleanup --allow sessions=120'),
  })
  expect(measured(record)).toMatchObject({
    'cleanup_ceiling_reached sessions': 1,
    'cleanup_left sessions': 120,
    'cleanup_removed expired_keys': 251,
  })
  expect(await names('session:old-*')).toBe(120)
})

test.each<readonly [string, () => Promise<string>, RegExp]>([
  [
    'it is a replica',
    async () => (await shop.redis({ settings: { replicaof: ['127.0.0.1', new URL(url).port] } })).url,
    /is a replica, where nothing can be removed: name its master/,
  ],
  [
    'it is a node of a cluster',
    async () => (await shop.redis({ settings: { 'cluster-enabled': 'yes' } })).url,
    /is a node of a cluster, and has only a part of the keys/,
  ],
  [
    'the login may not',
    async () => {
      await client.call('ACL', 'SETUSER', 'reader', 'on', '>a-password', '~*', '+@read', '+info', '+@connection')
      return Object.assign(new URL(url), { username: 'reader', password: 'a-password' }).href
    },
    /may not run UNLINK on expired:\* and session:\*: grant/,
  ],
  [
    'the password is wrong',
    async () => Object.assign(new URL(url), { username: 'reader', password: 'another' }).href,
    /^could not ask the server of JOBS_REDIS_URL: .*WRONGPASS/,
  ],
])('nothing is changed, and that is named, where %s', async (_where, address, fault) => {
  const refused = await job({}, ceilings, await address())
    .plan(fresh())
    .catch((cause: unknown) => cause)
  expect(refused).toBeInstanceOf(Refused)
  expect(refused).toMatchObject({ faults: expect.arrayContaining([expect.stringMatching(fault)]) })
})
