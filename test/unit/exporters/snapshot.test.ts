import { randomBytes } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { formatFor } from '../../../exporters/exposition.ts'
import type { Cell, Reading } from '../../../exporters/reading.ts'
import { type Chunk, type Snapshot, snapshotOf } from '../../../exporters/snapshot.ts'
import { gauge } from '../../../metrics/metric.ts'
import { textOf } from '../../readings.ts'

const text = formatFor('')
const openMetrics = formatFor('application/openmetrics-text')
const size = gauge({ name: 'size_bytes', help: 'x', labels: ['table'] })
const count = 5000

/** Some dozen chunks of printing, counted as it is done. */
const counted = () => {
  let printed = 0
  const rows = Array.from({ length: count }, (_, i) => {
    const row: Cell[] = [`${i} ${'é"\n'.repeat(60)}`, i]
    return Object.defineProperty(row, 1, {
      get: () => {
        printed += 1
        return i
      },
    })
  })
  const readings: readonly Reading[] = [{ labels: [['table', 0]], metrics: [[size, 1]], rows }]
  return { readings, printed: () => printed }
}

const textFrom = async (body: AsyncIterable<Chunk>) => {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
const iterate = (snapshot: Snapshot, gzip = false) => snapshot.body(text, gzip)[Symbol.asyncIterator]()

/** However long it would need: once nothing moves over a hundred turns, nothing will. */
const atRest = async (state: () => number) => {
  let still = 0
  for (let last = state(); still < 100; still += 1) {
    await turn()
    if (state() !== last) still = 0
    last = state()
  }
}

describe.each([
  ['as it is', false],
  ['compressed', true],
])('A body %s', (_how, gzip) => {
  test('is the text, byte by byte, in either format', async () => {
    const { readings } = counted()
    const snapshot = snapshotOf(readings)
    for (const format of [text, openMetrics]) {
      const bytes = await textFrom(snapshot.body(format, gzip))
      const plain = gzip ? gunzipSync(bytes) : bytes
      expect(plain.toString()).toBe(textOf(readings, format.open))
    }
  })

  test('of nothing is an answer too', async () => {
    const bytes = await textFrom(snapshotOf([]).body(text, gzip))
    expect((gzip ? gunzipSync(bytes) : bytes).length).toBe(0)
  })

  test('is printed once for all who ask before it is under way, and each gets all of it', async () => {
    const { readings, printed } = counted()
    const snapshot = snapshotOf(readings)
    const bodies = await Promise.all([1, 2, 3].map(() => textFrom(snapshot.body(text, gzip))))
    expect(printed()).toBe(count)
    for (const body of bodies) expect(body.equals(bodies[0] ?? Buffer.alloc(0))).toBe(true)
    expect(bodies[0]?.length).toBeGreaterThan(1000)
  })

  test('goes on for those who stay when one of them leaves', async () => {
    const { readings, printed } = counted()
    const snapshot = snapshotOf(readings)
    const [leaves, stays] = [iterate(snapshot, gzip), textFrom(snapshot.body(text, gzip))]
    await leaves.next()
    await leaves.return?.()
    expect(await leaves.next()).toEqual({ done: true, value: undefined })
    const bytes = await stays
    expect((gzip ? gunzipSync(bytes) : bytes).toString()).toBe(textOf(readings))
    // Once for them, and once for this comparison.
    expect(printed()).toBe(2 * count)
  })

  test('is printed no further when all have left', async () => {
    const { readings, printed } = counted()
    const snapshot = snapshotOf(readings)
    const readers = [iterate(snapshot, gzip), iterate(snapshot, gzip)]
    for (const reader of readers) await reader.next()
    for (const reader of readers) await reader.return?.()
    await atRest(printed)
    expect(printed()).toBeLessThan(count)
  })

  test('is whole for who asks when the first have gone', async () => {
    const { readings } = counted()
    const snapshot = snapshotOf(readings)
    const first = iterate(snapshot, gzip)
    await first.next()
    await first.return?.()
    const bytes = await textFrom(snapshot.body(text, gzip))
    expect((gzip ? gunzipSync(bytes) : bytes).toString()).toBe(textOf(readings))
  })

  describe('that can not be printed to its end', () => {
    const brokenAfter = (good: number) => {
      const broken = Object.defineProperty([] as Cell[], 1, {
        get: () => {
          throw new Error('out of reach')
        },
      })
      const rows = [...Array.from({ length: good }, (_, i) => [`${i} ${'x'.repeat(900)}`, i]), broken]
      return snapshotOf([{ labels: [['table', 0]], metrics: [[size, 1]], rows }])
    }
    const unheard = vi.fn()
    beforeEach(() => void process.on('unhandledRejection', unheard))
    afterEach(() => {
      process.off('unhandledRejection', unheard)
      expect(unheard).not.toHaveBeenCalled()
    })

    test('fails for every reader', async () => {
      const snapshot = brokenAfter(count)
      const bodies = await Promise.allSettled([1, 2].map(() => textFrom(snapshot.body(text, gzip))))
      const reasons = bodies.map((body) => body.status === 'rejected' && String(body.reason))
      expect(reasons).toEqual(['Error: out of reach', 'Error: out of reach'])
    })

    test.each([0, 100])('is no matter of who has left before that, after %d rows', async (good) => {
      const reader = iterate(brokenAfter(good), gzip)
      if (good > 0 && !gzip) await reader.next()
      await reader.return?.()
      for (let turns = 0; turns < 20; turns += 1) await turn()
    })
  })
})

test('Others get their turn between two chunks', async () => {
  let turns = 0
  let ended = false
  const count = async () => {
    for (; !ended; turns += 1) await turn()
  }
  const counting = count()
  const between: number[] = []
  for await (const _ of snapshotOf(counted().readings).body(text, false)) between.push(turns)
  ended = true
  await counting
  expect(between.length).toBeGreaterThan(10)
  expect(between.every((at, i) => i === 0 || at > (between[i - 1] ?? 0))).toBe(true)
})

test('Who reads slowly is not printed ahead for', async () => {
  const { readings, printed } = counted()
  const reader = iterate(snapshotOf(readings))
  await reader.next()
  await atRest(printed)
  const first = printed()
  expect(first).toBeLessThan(count / 4)
  await reader.next()
  await atRest(printed)
  expect(printed()).toBeGreaterThan(first)
  expect(printed()).toBeLessThan(count / 2)
})

test('A chunk that every reader has had is forgotten', async () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  // Compressed chunks are objects, which can be seen to go; noise compresses so little that there are many.
  const noise = Array.from({ length: 2_000 }, (): Cell[] => [randomBytes(300).toString('base64'), 1])
  const snapshot = snapshotOf([{ labels: [['table', 0]], metrics: [[size, 1]], rows: noise }])
  const [one, two] = [iterate(snapshot, true), iterate(snapshot, true)]
  const had: WeakRef<object>[] = []
  for (let chunks = 0; chunks < 5; chunks += 1) {
    const { value } = await one.next()
    had.push(new WeakRef(value))
  }
  const gone = () => {
    collect()
    return had.map((chunk) => chunk.deref() === undefined)
  }
  await turn()
  expect(gone()[1]).toBe(false)
  for (let chunks = 0; chunks < 5; chunks += 1) await two.next()
  await turn()
  expect(gone().slice(0, 4)).toEqual([true, true, true, true])
  expect((await one.next()).done).toBe(false)
})
