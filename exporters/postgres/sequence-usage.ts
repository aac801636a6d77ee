/** Where a sequence begins and ends, in decimal: JavaScript has no numbers as large as its. */
export interface Range {
  readonly start: string
  readonly increment: string
  readonly lowest: string
  readonly highest: string
}

/**
 * How much of its range a sequence has given out, and how many values are left.
 * @param last what it gave out last, null before the first
 */
export const usage = (range: Range, last: string | null) => {
  const [start, increment, lowest, highest] = [range.start, range.increment, range.lowest, range.highest].map(BigInt)
  if (start === undefined || increment === undefined || lowest === undefined || highest === undefined) {
    throw new Error('a sequence needs a start, an increment and two ends')
  }
  // Distances to the end it runs to, so that one that counts down is as one that counts up.
  const toEnd = (from: bigint) => (increment > 0n ? highest - from : from - lowest)
  const step = increment > 0n ? increment : -increment
  const whole = highest - lowest + 1n
  const left = last === null ? toEnd(start) / step + 1n : toEnd(BigInt(last)) / step
  const used = last === null ? 0 : Number(whole - toEnd(BigInt(last))) / Number(whole)
  return { used: Math.min(1, Math.max(0, used)), left: Math.max(0, Number(left)) }
}
