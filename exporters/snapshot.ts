import { pipeline, Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import { type Format, printed } from './exposition.ts'
import type { Reading } from './reading.ts'

/** What one scrape found, for all who asked while it was under way. */
export interface Snapshot {
  readonly readings: readonly Reading[]
  /** As text. It is printed once for all who want the same format, and no faster than the fastest of them takes it. */
  body(format: Format, gzip: boolean): AsyncIterable<Buffer>
}

export const snapshotOf = (readings: readonly Reading[]): Snapshot => {
  const bodies = new Map<string, () => AsyncIterable<Buffer>>()
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
async function* turnByTurn(readings: readonly Reading[], format: Format) {
  for (const chunk of printed(readings, format)) {
    yield Buffer.from(chunk)
    await turn()
  }
}

/** Our lines repeat each other so much that more effort than the least saves little. */
const compressed = (text: AsyncIterable<Buffer>): AsyncIterable<Buffer> =>
  // A reader that leaves ends the stream, which is told here and concerns nobody.
  pipeline(Readable.from(text), createGzip({ level: 1 }), () => undefined)

interface Link {
  readonly chunk: Buffer
  readonly next: () => Promise<Link | undefined>
}

/** One run through the chunks for any number of readers; a chunk is forgotten once the slowest of them has it. */
const shared = (chunks: () => AsyncIterable<Buffer>) => {
  let run: { readonly first: () => Promise<Link | undefined>; readonly end: () => void } | undefined
  let readers = 0
  const leave = () => {
    readers -= 1
    if (readers > 0) return
    run?.end()
    run = undefined
  }
  return () => {
    run ??= begin(chunks()[Symbol.asyncIterator]())
    readers += 1
    return follow(run.first(), leave)
  }
}

const begin = (chunks: AsyncIterator<Buffer>) => {
  const step = (): (() => Promise<Link | undefined>) => {
    let link: Promise<Link | undefined> | undefined
    const pull = async () => {
      const { done, value } = await chunks.next()
      return done ? undefined : { chunk: value, next: step() }
    }
    return () => {
      link ??= pull()
      return link
    }
  }
  // An end before the last chunk is one that nobody waits for.
  return { first: step(), end: () => void chunks.return?.().catch(() => undefined) }
}

/** Holds on to the chunk it is at, and to none before it: hence the first is let go. */
const follow = (first: Promise<Link | undefined>, leave: () => void): AsyncIterable<Buffer> => {
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
