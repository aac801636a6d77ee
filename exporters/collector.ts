import type { Definition, Gauge, Sample } from '../metrics/metric.ts'

/** A server that is read: one kept connection to it. */
export interface Source {
  /**
   * Resolves when the server has answered, after connecting where there was no connection.
   * @param signal aborts at the deadline of the scrape; the source then drops its connection, and what waits on it fails
   * @param budget milliseconds until then
   */
  ready(signal: AbortSignal, budget: number): Promise<void>
  close(): Promise<void>
}

/** Reads one aspect of a source, fresh at every scrape. May throw: its neighbours are still served. */
export interface Collector<S> {
  readonly name: string
  readonly metrics: readonly Definition[]
  collect(source: S, signal: AbortSignal): Promise<readonly Sample[]>
}

/** What is said of every scrape of one kind of source. */
export interface Vitals {
  readonly up: Gauge
  readonly success: Gauge<'collector'>
  readonly duration: Gauge<'collector'>
}

/** All it takes to scrape one source. */
export interface Scraped<S extends Source = Source> {
  readonly kind: string
  readonly name: string
  readonly source: S
  readonly collectors: readonly Collector<S>[]
  readonly vitals: Vitals
}
