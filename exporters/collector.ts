import type { Counter, Definition, Gauge } from '../metrics/metric.ts'
import type { Reading } from './reading.ts'

/** What a collector's questions came to. */
export interface Account {
  /** The time that one of them took, in milliseconds, waiting for its turn left out. */
  spent(milliseconds: number): void
  /** A part that could not be read, such as one of many databases. What could be read is still served. */
  failed(part: string, cause: unknown): void
  /** A part that is not told for want of a right, which `remedy` names. It is logged, and no failure. */
  lacks?(part: string, remedy: Error): void
}

/** A server that is read: its connections are kept from scrape to scrape. */
export interface Source<Reader = unknown> {
  /**
   * Begins a scrape: resolves when there is a connection, made where there was none.
   * @param signal aborts at the deadline of the scrape; the source then drops its connections, and what waits on them fails
   * @param budget milliseconds until then
   */
  ready(signal: AbortSignal, budget: number): Promise<void>
  /** Whether the server has answered anything in this scrape, once that is known: a kept connection may be one to a server that hangs. */
  answered(): Promise<boolean>
  /** What one collector asks through, in one scrape. */
  reader(account: Account): Reader
  close(): Promise<void>
}

/** Reads one aspect of a source, fresh at every scrape. May throw: its neighbours are still served. */
export interface Collector<Reader> {
  readonly name: string
  readonly metrics: readonly Definition[]
  collect(reader: Reader, signal: AbortSignal): Promise<readonly Reading[]>
}

/** What is said of every scrape of one kind of source. */
export interface Vitals {
  readonly up: Gauge
  readonly success: Gauge<'collector'>
  readonly duration: Gauge<'collector'>
  /** Of scrapes as a whole: how many there were, how long the last took, and whether anything failed in it. */
  readonly scrapes?: Counter
  readonly lastDuration?: Gauge
  readonly lastFailed?: Gauge
}

/** All it takes to scrape one source. */
export interface Scraped<Reader = unknown> {
  readonly kind: string
  readonly name: string
  readonly source: Source<Reader>
  readonly collectors: readonly Collector<Reader>[]
  readonly vitals: Vitals
}
