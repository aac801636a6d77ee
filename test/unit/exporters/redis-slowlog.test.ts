import { describe, expect, test } from 'vitest'
import { type Entry, slowCounter } from '../../../exporters/redis/slow-counter.ts'

const commands = new Set(['get', 'keys'])
const entry = (id: number, command = 'get', microseconds = 10): Entry => ({ id, command, microseconds })
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => entry(to - at))

/** A scrape: the log as it stands, the newest first, of the server that runs so. */
interface Look {
  readonly run?: string
  readonly log: readonly Entry[]
}

/** What is counted after each look, by command. */
const countedIn = (looks: readonly Look[]) => {
  const counter = slowCounter({ window: 4 })
  return looks.map(({ run = 'a', log }) => {
    const missing = counter.missing(run, log[0])
    // Some more than are missing, as the collector reads them.
    counter.add(log.slice(0, missing + 2), commands)
    return Object.fromEntries([...counter.totals()].map(([command, { entries }]) => [command, entries]))
  })
}

describe('Each entry of the slow log is counted once', () => {
  test.each<[what: string, looks: readonly Look[], last: Readonly<Record<string, number>>]>([
    ['and not those that stood there before', [{ log: range(0, 2) }], { other: 0, get: 0 }],
    ['when it is new', [{ log: range(0, 2) }, { log: range(0, 4) }], { other: 0, get: 2 }],
    ['however often it is read', [{ log: [] }, { log: range(0, 2) }, { log: range(0, 2) }], { other: 0, get: 3 }],
    ['when the log was emptied', [{ log: range(0, 2) }, { log: [] }, { log: range(3, 4) }], { other: 0, get: 2 }],
    ['when the log was emptied before the first look', [{ log: [] }, { log: range(500, 501) }], { other: 0, get: 2 }],
    ['when the server was started anew', [{ log: range(0, 9) }, { run: 'b', log: range(0, 1) }], { other: 0, get: 2 }],
    [
      'when the server has more than before after a new start',
      [{ log: range(0, 1) }, { run: 'b', log: range(0, 4) }],
      { other: 0, get: 5 },
    ],
    ['when a new start shows by the ids alone', [{ log: range(0, 9) }, { log: range(0, 1) }], { other: 0, get: 2 }],
    ['when it was gone before it could be read', [{ log: range(0, 2) }, { log: range(8, 9) }], { other: 5, get: 2 }],
    [
      'under no name that the server does not know',
      [{ log: [] }, { log: [entry(1, 'a-secret'), entry(0)] }],
      { other: 1, get: 1 },
    ],
  ])('%s', (_what, looks, last) => {
    expect(countedIn(looks).at(-1)).toEqual(last)
  })

  test('with its time, and the longest is of the newest ones', () => {
    const counter = slowCounter({ window: 2 })
    counter.missing('a', undefined)
    counter.add([], commands)
    counter.missing('a', entry(2))
    counter.add([entry(2, 'get', 30), entry(1, 'get', 20), entry(0, 'keys', 900)], commands)
    expect(counter.totals().get('keys')).toEqual({ entries: 1, microseconds: 900 })
    expect(counter.totals().get('get')).toEqual({ entries: 2, microseconds: 50 })
    expect([...counter.longest()]).toEqual([['get', 30]])
  })
})
