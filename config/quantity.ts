export type Dimension = 'share' | 'time' | 'size' | 'pace' | 'count'

interface Unit {
  readonly dimension: Dimension
  /** What one of it is of the unit that metrics are in: a ratio, seconds, bytes, events a second. As a fraction, to stay exact. */
  readonly is: readonly [times: number, per: number]
}

const units = {
  '%': { dimension: 'share', is: [1, 100] },
  ms: { dimension: 'time', is: [1, 1000] },
  s: { dimension: 'time', is: [1, 1] },
  min: { dimension: 'time', is: [60, 1] },
  h: { dimension: 'time', is: [3600, 1] },
  d: { dimension: 'time', is: [86_400, 1] },
  B: { dimension: 'size', is: [1, 1] },
  KiB: { dimension: 'size', is: [2 ** 10, 1] },
  MiB: { dimension: 'size', is: [2 ** 20, 1] },
  GiB: { dimension: 'size', is: [2 ** 30, 1] },
  TiB: { dimension: 'size', is: [2 ** 40, 1] },
  '/s': { dimension: 'pace', is: [1, 1] },
  '/min': { dimension: 'pace', is: [1, 60] },
  '/h': { dimension: 'pace', is: [1, 3600] },
} as const satisfies Record<string, Unit>

/** A number as people write it: `90 %`, `5 min`, `10 MiB`, `2 /min`, or how many, such as `10`. */
export type Quantity = `${number}` | `${number} ${keyof typeof units}`

/** The same as metrics have it: 0.9, 300, 10485760, 0.0333333333333, 10. */
export interface Measure {
  readonly dimension: Dimension
  readonly value: number
}

const known: ReadonlyMap<string, Unit> = new Map(Object.entries(units))

/** Undefined where the text is no number, or its unit none that is known. */
export const measureOf = (text: string): Measure | undefined => {
  const [, digits, name] = /^(-?\d+(?:\.\d+)?)(?: (\S+))?$/.exec(text) ?? []
  if (digits === undefined) return undefined
  if (name === undefined) return { dimension: 'count', value: Number(digits) }
  const unit = known.get(name)
  if (!unit) return undefined
  const [times, per] = unit.is
  // Twelve digits: 70 % is 0.7, and not 0.7000000000000001.
  return { dimension: unit.dimension, value: Number(((Number(digits) * times) / per).toPrecision(12)) }
}

/** How a quantity of this dimension may be written. */
export const unitsOf = (dimension: Dimension): string => {
  const names = [...known].flatMap(([name, unit]) => (unit.dimension === dimension ? [name] : []))
  return names.length === 0 ? 'a number alone' : `a number and ${names.join(' or ')}`
}
