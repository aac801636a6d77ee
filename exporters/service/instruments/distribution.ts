import type { Line } from '../../reading.ts'

/** What was observed last within the bounds of a bucket, and where more is known of it. */
interface Exemplar {
  readonly traceId: string
  readonly value: number
  readonly at: number
}

/** Observations counted in buckets. `bounds` rise. */
export class Distribution {
  count = 0
  sum = 0
  /** Not cumulative: one observation changes one place. */
  readonly #counts: Float64Array
  readonly #bounds: readonly number[]
  #exemplars: (Exemplar | undefined)[] | undefined

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number, traceId?: string | undefined) {
    const bounds = this.#bounds
    let place = 0
    // Most observations are small: from the lowest bound up is faster than by halves.
    while (place < bounds.length && value > (bounds[place] ?? 0)) place += 1
    this.#counts[place] = (this.#counts[place] ?? 0) + 1
    this.sum += value
    this.count += 1
    if (traceId !== undefined) {
      this.#exemplars ??= []
      this.#exemplars[place] = { traceId, value, at: Date.now() / 1000 }
    }
  }

  /** All lines of one series at once: between two of them nothing is counted. */
  lines(name: string, labels: string, open: boolean): readonly Line[] {
    const before = labels === '' ? '{' : `${labels.slice(0, -1)},`
    const lines: Line[] = []
    let total = 0
    for (let place = 0; place <= this.#bounds.length; place += 1) {
      total += this.#counts[place] ?? 0
      const exemplar = this.#exemplars?.[place]
      lines.push([
        `${name}_bucket${before}le="${printBound(this.#bounds[place], open)}"}`,
        total,
        exemplar && `{trace_id="${exemplar.traceId}"} ${exemplar.value} ${exemplar.at.toFixed(3)}`,
      ])
    }
    lines.push([`${name}_sum${labels}`, this.sum], [`${name}_count${labels}`, this.count])
    return lines
  }
}

/** OpenMetrics writes every bound as a float. */
const printBound = (bound: number | undefined, open: boolean) => {
  if (bound === undefined) return '+Inf'
  return open && Number.isInteger(bound) ? `${bound}.0` : String(bound)
}
