import { pipeline, Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import { type Format, printed } from './exposition.ts'
import type { Kept, Reading } from './reading.ts'

/** What one scrape found, for all who asked while it was under way. */
export interface Snapshot<Part extends Reading | Kept = Reading> {
  readonly readings: readonly Part[]
  /** As text. It is printed once for all who want the same format, and no faster than the fastest of them takes it. */
  body(format: Format, gzip: boolean): AsyncIterable<Chunk>
}
/** Text as it is stays a string up to the socket: as a buffer it would lie about until somebody collects it. */
export type Chunk = string | Buffer

export const snapshotOf = <Part extends Reading | Kept>(readings: readonly Part[]): Snapshot<Part> => {
  const bodies = new Map<string, () => AsyncIterable<Chunk>>()
  return {
    readings,
    body: (format, gzip) => {
      const key = `${format.contentType} ${gzip}`
      const known = bodies.get(key)
      if (known) return known()
      const text = () => turnByTurn(readings, format)
      const made = shared(gzip ? () => compressed(text()) : text)
      bodies.set(key, made)
      return made()
    },
  }
}

/** Others get their turn between two chunks: however much there is to print, nobody waits for all of it. */
async function* turnByTurn(readings: readonly (Reading | Kept)[], format: Format) {
  for (const chunk of printed(readings, format)) {
    if (chunk !== '') yield chunk
    await turn()
  }
}

/** Our lines repeat each other so much that more effort than the least saves little. */
const compressed = (text: AsyncIterable<string>): AsyncIterable<Buffer> =>
  // A reader that leaves ends the stream, which is told here and concerns nobody.
  pipeline(Readable.from(text), createGzip({ level: 1 }), () => undefined)

interface Link {
  readonly chunk: Chunk
  readonly next: Step
}
type Step = () => Promise<Link | undefined>

/** One run through the chunks for all who join it in time, as those do who shared a scrape; who comes later starts another. */
const shared = (chunks: () => AsyncIterable<Chunk>) => {
  let join: (() => AsyncIterable<Chunk>) | undefined
  return () => {
    join ??= begin(chunks()[Symbol.asyncIterator](), () => {
      join = undefined
    })
    return join()
  }
}

/**
 * A chunk is forgotten once the slowest reader has it. Hence nobody joins after the second was asked for: to hold on to
 * the first is to hold on to all that follow it.
 */
const begin = (chunks: AsyncIterator<Chunk>, closed: () => void) => {
  let readers = 0
  let first: Step | undefined
  const close = () => {
    if (first) closed()
    first = undefined
  }
  const step = (number: number): Step => {
    let link: Promise<Link | undefined> | undefined
    const pull = async () => {
      if (number === 2) close()
      const { done, value } = await chunks.next()
      return done ? undefined : { chunk: value, next: step(number + 1) }
    }
    return () => {
      link ??= pull()
      // Asked for ahead: the reader may leave before it would hear of a failure.
      link.catch(() => undefined)
      return link
    }
  }
  const leave = () => {
    readers -= 1
    if (readers > 0) return
    close()
    // An end before the last chunk is one that nobody waits for.
    void chunks.return?.().catch(() => undefined)
  }
  return () => {
    readers += 1
    first ??= step(1)
    return follow(first(), leave)
  }
}

/** Holds on to the chunk it is at, and to none before it: hence the first is let go. */
const follow = (first: ReturnType<Step>, leave: () => void): AsyncIterable<Chunk> => {
  let place: typeof first | undefined = first
  const end = async () => {
    if (place) leave()
    place = undefined
    return { done: true as const, value: undefined }
  }
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const link = await place
        if (!link || !place) return end()
        place = link.next()
        return { done: false, value: link.chunk }
      },
      return: end,
    }),
  }
}
