import type { Definition } from '../../../metrics/metric.ts'
import type { Across, Kept, Line } from '../../reading.ts'

/** One metric of one process, as it travels to another. */
export interface Family {
  readonly metric: Pick<Definition, 'name' | 'type' | 'help'>
  readonly across: Across
  readonly lines: readonly Line[]
}

const taken: Readonly<Record<Across, (one: number, other: number) => number>> = {
  sum: (one, other) => one + other,
  max: Math.max,
  min: Math.min,
  first: (one) => one,
}

interface Merged {
  readonly metric: Definition
  readonly across: Across
  readonly series: Map<string, Line>
}

/** Makes the metrics of several processes into those of one service. */
export const merger = () => {
  const merged = new Map<string, Merged>()
  const add = ({ metric, across, lines }: Family) => {
    const known: Merged = merged.get(metric.name) ?? { metric: { ...metric, labels: [] }, across, series: new Map() }
    merged.set(metric.name, known)
    const take = taken[known.across]
    for (const line of lines) {
      const [series, value, exemplar] = line
      const before = known.series.get(series)
      known.series.set(series, before ? [series, take(before[1], value), exemplar ?? before[2]] : line)
    }
  }
  return {
    add,
    kept: (): readonly Kept[] =>
      [...merged.values()].map(({ metric, series }) => ({
        metric,
        lines: (open) => (open && metric.type === 'histogram' ? withFloats(series.values()) : series.values()),
      })),
    families: (): readonly Family[] =>
      [...merged.values()].map(({ metric, across, series }) => ({ metric, across, lines: [...series.values()] })),
  }
}

/** Processes tell each other in the text format, so that the series of all of them have one name. */
function* withFloats(lines: Iterable<Line>): Generator<Line> {
  for (const [series, value, exemplar] of lines) {
    yield [series.replace(/(?<=[{,]le=")(-?\d+)(?="\}$)/, '$1.0'), value, exemplar]
  }
}

/** Only these go on counting for the service when their process is gone: what it held is held no more. */
export const outlives = ({ metric: { type } }: Family) => type === 'counter' || type === 'histogram'

/** Lines of one message: more would hold up both sides while they are packed. */
const linesInTurn = 2_000

/** Cuts what a process tells into messages of bearable size. */
export function* parcels(kept: readonly Kept[]): Generator<Family> {
  for (const {
    metric: { name, type, help },
    across = 'sum',
    lines,
  } of kept) {
    let parcel: Line[] = []
    for (const line of lines(false)) {
      parcel.push(line)
      if (parcel.length < linesInTurn) continue
      yield { metric: { name, type, help }, across, lines: parcel }
      parcel = []
    }
    yield { metric: { name, type, help }, across, lines: parcel }
  }
}
