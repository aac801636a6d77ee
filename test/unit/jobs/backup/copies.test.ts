import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { type Copy, copiesOf, expired, goodIn, usualSize } from '../../../../jobs/backup/copies.ts'
import { type Manifest, namesOf, writeManifest } from '../../../../jobs/backup/manifest.ts'
import type { Place } from '../../../../jobs/backup/place.ts'

const day = 86_400_000
const now = Date.parse('2026-11-26T02:15:00Z')
const copy = (age: number, bytes = 100): Copy => {
  const taken = now - age * day
  return { taken, ...namesOf('redis', taken), bytes }
}
const ages = (copies: readonly Copy[]) => copies.map(({ taken }) => (now - taken) / day)

/** Ages in days, and which of them are good; what goes, the oldest first. */
const cases: readonly (readonly [
  words: string,
  all: readonly number[],
  good: readonly number[],
  gone: readonly number[],
])[] = [
  ['what is young stays', [0, 1, 29], [0, 1, 29], []],
  ['what is past its time goes, the oldest first', [0, 1, 2, 31, 40], [0, 1, 2, 31, 40], [40, 31]],
  ['on the day itself it stays', [0, 1, 2, 30], [0, 1, 2], []],
  ['the newest good ones stay, whatever their age', [100, 200, 300, 400], [100, 200, 300, 400], [400]],
  ['a damaged one is no reason for a good one to go', [0, 1, 2, 300, 400], [300, 400], []],
  ['a damaged one past its time goes', [0, 300, 400], [0, 400], [300]],
  ['where none is known to be good, nothing goes', [100, 200], [], []],
  ['one that the clock of tomorrow made stays', [-10, 0, 40], [-10, 0], [40]],
]

test.each(cases)('%s', (_words, all, good, gone) => {
  const found = expired(
    all.map((age) => copy(age)),
    { days: 30, least: 3, good: good.map((age) => copy(age)), now },
  )
  expect(ages(found)).toEqual(gone)
})

test('the newest good one stays also where the settings would let it go', () => {
  const all = [copy(50), copy(60)]
  expect(ages(expired(all, { days: 0, least: 0, good: all, now }))).toEqual([60])
})

test('names that are not ours, and half ones, are no backup', () => {
  const { file, manifest } = namesOf('redis', now)
  const kept = [file, 'redis-latest.rdb', 'identity.json', namesOf('database', now).file, '.tmp-x'].map((name) => ({
    name,
    bytes: 1,
  }))
  expect(copiesOf('redis', kept)).toEqual([{ taken: now, file, bytes: 1 }])
  expect(copiesOf('redis', [...kept, { name: manifest, bytes: 2 }])).toEqual([{ taken: now, file, manifest, bytes: 1 }])
})

test('one whose file has another size than its manifest tells, or whose manifest is damaged, is not good', async () => {
  const manifestOf = ({ taken }: Copy): Manifest => ({
    version: 1,
    kind: 'redis',
    taken: new Date(taken).toISOString(),
    started: new Date(taken).toISOString(),
    ended: new Date(taken).toISOString(),
    file: namesOf('redis', taken).file,
    bytes: 100,
    sha256: 'a'.repeat(64),
    plainBytes: 1,
    plainSha256: 'a'.repeat(64),
    program: 'SYNC of Redis 7',
    source: { runId: '', replicationId: '', serverVersion: '7' },
    contents: { keys: {} },
  })
  const copies = [copy(0, 99), copy(1), copy(2), copy(3), copy(4)]
  const texts = new Map(copies.map((one) => [one.manifest ?? '', writeManifest(manifestOf(one))]))
  texts.set(copies[1]?.manifest ?? '', '{"version":1')
  const place: Place = {
    place: 'local',
    words: 'here',
    list: async () => [],
    open: async (_kind, name) => Readable.from([Buffer.from(texts.get(name) ?? '')]),
  }
  const options = { copies, most: 2, signal: new AbortController().signal }
  expect(ages(await goodIn(place, 'redis', options))).toEqual([2, 3])
})

test('the usual size is the median of up to seven before the newest', () => {
  expect(usualSize([copy(0, 5)])).toBeUndefined()
  expect(usualSize([copy(0, 5), copy(1, 100)])).toBe(100)
  expect(usualSize([copy(0, 5), copy(1, 100), copy(2, 200)])).toBe(150)
  expect(usualSize([5, 1, 2, 3, 4, 5, 6, 7, 1_000].map((bytes, age) => copy(age, bytes)))).toBe(4)
})
