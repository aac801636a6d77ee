import type { Readable } from 'node:stream'
import type { Fault } from './faults.ts'

/** What a snapshot of Redis, or of Valkey, begins with; behind it four digits of a version. */
const first = /^(REDIS|VALKEY)/
/** Stands before the eight bytes of its checksum at the end. */
const end = 0xff
const checksum = 8

/**
 * Reads a snapshot to its end, which compares it with what was saved, and looks whether it is one. No server loads it:
 * there is none here that would be nobody's.
 * @throws Error as `plain` ends with
 */
export const readSnapshot = async (plain: Readable): Promise<readonly Fault[]> => {
  let [head, tail] = [Buffer.alloc(0), Buffer.alloc(0)]
  for await (const chunk of plain) {
    if (head.length < 9) head = Buffer.concat([head, chunk.subarray(0, 9)])
    tail = Buffer.concat([tail, chunk.subarray(-(checksum + 1))]).subarray(-(checksum + 1))
  }
  const whole = first.test(head.toString('latin1')) && tail.length === checksum + 1 && tail[0] === end
  return whole ? [] : [{ fault: 'other', words: 'it is no snapshot of Redis, or not a whole one' }]
}
