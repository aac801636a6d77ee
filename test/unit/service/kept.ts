import type { Kept } from '../../../exporters/reading.ts'
import { type Instruments, instruments } from '../../../exporters/service/instruments/instruments.ts'

interface Readable {
  readings(): Promise<readonly Kept[]>
}

/** The lines of a metric, and of those whose names begin so, as they are printed. */
export const linesOf = async (of: Readable, name: string, open = false): Promise<readonly string[]> =>
  (await of.readings()).flatMap(({ lines }) =>
    [...lines(open)].filter(([series]) => series.startsWith(name)).map(([series, value]) => `${series} ${value}`),
  )

/** Faults of the instrumentation throw: a test that causes some says so itself. */
export const freshInstruments = (maxSeries?: number): Instruments =>
  instruments({
    report: (part, cause) => {
      throw new Error(`${part} failed`, { cause })
    },
    ...(maxSeries && { maxSeries }),
  })
