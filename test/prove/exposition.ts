import { generated } from './generated.ts'
import type { Proof } from './proof.ts'
import { throughPrometheus } from './through-prometheus.ts'

const count = 100_000
/** Seconds: on two cores, the answer of 40 MB and two of them at once. */
const interval = 60

export const expositionProof: Proof = {
  title: 'Samples through a real Prometheus',
  says: `${count.toLocaleString('en')} generated series are served by the exporter, scraped by Prometheus in each format and read back through its
API. Labels hold any character of Unicode, control characters, quotes, backslashes, NUL and halves of characters, in up to 2,000
characters; values are any pattern of 64 bits, as numbers and as PostgreSQL writes them, infinities and NaN among them. A fault is a series
that is missing, has other labels or another value (compared bit by bit, but for NaN), or is there and was never sent.

What is replaced on the way, by design: the end of a label longer than 1,000 characters by a mark of all of it; half a surrogate pair, which no
UTF-8 can hold, by U+FFFD; a number beyond a float by an infinity.`,
  columns: ['Prometheus', 'format', 'series read back', 'differences', 'scrape s'],
  prove: async (say) => {
    const { readings, expected } = generated(count, 20_26)
    say(`${expected.length} series generated`)
    const found = await throughPrometheus({ readings, expected }, { interval })
    const rows = found.map(({ prometheus, format, series, differences, seconds }) => {
      return [prometheus, format, series, differences.length, seconds.toFixed(1)] as const
    })
    return { rows, faults: found.flatMap(({ format, differences }) => differences.map((one) => `${format}: ${one}`)) }
  },
}
