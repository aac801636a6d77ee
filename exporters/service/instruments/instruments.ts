import { type Counter, counter, type Definition, type Gauge, type Histogram } from '../../../metrics/metric.ts'
import type { Across, Kept } from '../../reading.ts'
import { Distribution } from './distribution.ts'
import type { Report } from './faults.ts'
import { type Labels, seriesStore, usualSeries } from './series-store.ts'

export const seriesLimitedTotal = counter({
  name: 'instrumentation_series_limited_total',
  help: 'Observations that were put into the series `other`, because their metric had as many series as it may have',
  labels: ['metric'],
})

type Given<Label extends string> = [Label] extends [never] ? [] : [labels: Readonly<Record<Label, string>>]

export interface CountingInstrument<Label extends string> {
  /** One more. */
  inc(...labels: Given<Label>): void
  /** So many more: 0 makes the series known before the first. Less than 0 is a fault. */
  add(value: number, ...labels: Given<Label>): void
}
export interface GaugeInstrument<Label extends string> extends CountingInstrument<Label> {
  set(value: number, ...labels: Given<Label>): void
  dec(...labels: Given<Label>): void
  /** The series is gone: what it told of is no more. */
  remove(...labels: Given<Label>): void
}
export interface HistogramInstrument<Label extends string> {
  /** In the unit that the metric's name ends in. */
  observe(value: number, ...labels: Given<Label>): void
}

/** What is read when somebody asks. */
export type Source = () => readonly Kept[] | Promise<readonly Kept[]>

/**
 * The metrics that a process counts itself. No instrument throws: a wrong label or value is a fault of the instrumentation,
 * counted and logged, and nothing is counted for it.
 */
export interface Instruments {
  counter<Label extends string>(metric: Counter<Label>): CountingInstrument<Label>
  /** @param across how the gauges of several processes of one service become one; a sum where nothing is said */
  gauge<Label extends string>(metric: Gauge<Label>, across?: Across): GaugeInstrument<Label>
  histogram<Label extends string>(metric: Histogram<Label>): HistogramInstrument<Label>
  /** Counts an observation that found its metric full. */
  limited(metric: string): void
  /** Asked at every scrape. One that fails is a fault of `part`; the others are still served. */
  addSource(part: string, source: Source): void
  readings(): Promise<readonly Kept[]>
}

interface InstrumentsOptions {
  readonly report: Report
  /** Most series of one metric. */
  readonly maxSeries?: number
}

/** @throws Error where two metrics of one name are defined, which no Prometheus could tell apart */
export const instruments = ({ report, maxSeries = usualSeries }: InstrumentsOptions): Instruments => {
  const kept = new Map<string, Kept>()
  const sources: [part: string, source: Source][] = []

  const define = (metric: Definition, lines: Kept['lines'], across?: Across) => {
    if (kept.has(metric.name)) throw new Error(`${metric.name} is defined twice: use the instrument that is there`)
    kept.set(metric.name, { metric, lines, across })
  }

  const storeOf = <Value>(metric: Definition, fresh: () => Value) =>
    seriesStore(metric, fresh, { most: maxSeries, onLimit: () => limited.inc({ metric: metric.name }) })

  const number = <Label extends string>(metric: Definition, across?: Across): GaugeInstrument<Label> => {
    const store = storeOf(metric, () => 0)
    define(metric, () => store.lines(({ labels, value }) => [[metric.name + labels, value]]), across)
    const change = (labels: Labels | undefined, by: number, set = false) => {
      try {
        assertNumber(metric, by)
        if (metric.type === 'counter' && by < 0) throw new Error(`${metric.name} only rises: ${by} is less than 0`)
        // It would stay so for ever.
        if (metric.type === 'counter' && by === Infinity) throw new Error(`${metric.name} cannot rise by Infinity`)
        const cell = store.at(labels)
        cell.value = set ? by : cell.value + by
      } catch (cause) {
        report(metric.name, cause)
      }
    }
    return {
      inc: (labels?: Labels) => change(labels, 1),
      add: (value, labels?: Labels) => change(labels, value),
      dec: (labels?: Labels) => change(labels, -1),
      set: (value, labels?: Labels) => change(labels, value, true),
      remove: (labels?: Labels) => {
        try {
          store.remove(labels)
        } catch (cause) {
          report(metric.name, cause)
        }
      },
    }
  }

  const distribution = <Label extends string>(metric: Histogram<Label>): HistogramInstrument<Label> => {
    const store = storeOf(metric, () => new Distribution(metric.buckets))
    define(metric, (open) => store.lines(({ labels, value }) => value.lines(metric.name, labels, open)))
    return {
      observe: (value, labels?: Labels) => {
        try {
          assertNumber(metric, value)
          store.at(labels).value.observe(value)
        } catch (cause) {
          report(metric.name, cause)
        }
      },
    }
  }

  const twins = new Set<string>()
  /** A name that two parts tell of would be counted twice by whoever adds its series up: the first part has it. */
  const withoutTwins = (
    own: readonly Kept[],
    read: readonly { readonly part: string; readonly told: readonly Kept[] }[],
  ) => {
    const owners = new Map<string, string | undefined>(own.map(({ metric }) => [metric.name, undefined]))
    const others = read.flatMap(({ part, told }) =>
      told.filter(({ metric: { name } }) => {
        if (!owners.has(name)) owners.set(name, part)
        if (owners.get(name) === part) return true
        if (!twins.has(name))
          report(part, new Error(`${name} is told of by another part already: this one is left out`))
        twins.add(name)
        return false
      }),
    )
    return [...own, ...others]
  }

  const limited = number<'metric'>(seriesLimitedTotal)
  return {
    counter: (metric) => number(metric),
    gauge: (metric, across) => number(metric, across),
    histogram: distribution,
    limited: (metric) => limited.inc({ metric }),
    addSource: (part, source) => sources.push([part, source]),
    readings: async () => {
      const read = await Promise.all(
        sources.map(async ([part, source]) => {
          try {
            return { part, told: await source() }
          } catch (cause) {
            report(part, cause)
            return { part, told: [] }
          }
        }),
      )
      return withoutTwins([...kept.values()], read)
    },
  }
}

const assertNumber = ({ name }: Definition, value: unknown) => {
  if (typeof value !== 'number' || Number.isNaN(value)) throw new Error(`${name}: ${String(value)} is no number`)
}
