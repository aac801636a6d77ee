import { type Cell, distribution, type Reading } from '../../exporters/reading.ts'
import { counter, gauge, histogram, type Sample, summary, untyped } from '../../metrics/metric.ts'
import { type Dice, diceOf } from './dice.ts'

/** A series that Prometheus is to know, and its value. Labels without a value are none. */
export interface Expected {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}
export interface Generated {
  readonly readings: readonly Reading[]
  readonly expected: readonly Expected[]
}

const words = [
  ...[
    '\\',
    '"',
    '\n',
    '\\n',
    '\\"',
    '\\\\',
    '\r\n',
    '\t',
    '\0',
    '{a="b"} 1',
    ', ',
    '=',
    '}',
    ' ',
    '# EOF',
    '# TYPE x y',
  ],
  ...['NaN', '\u2028', '\ufeff', '\ufffd', '\u007f', '\u0085', '…', 'é', 'e\u0301', '日本', '👩‍👩‍👧', '\u{10ffff}'],
]

/** Any character of Unicode, and halves of such, the odd ones more often than they are met. */
const character = (dice: Dice) => {
  const kind = dice.below(10)
  if (kind < 4) return String.fromCodePoint(32 + dice.below(95))
  if (kind < 6) return dice.one(words)
  if (kind < 7) return String.fromCodePoint(dice.below(0xa0))
  if (kind < 8) return String.fromCodePoint(dice.below(0xd800))
  if (kind < 9) return String.fromCodePoint(0x10000 + dice.below(0x100000))
  return dice.below(20) === 0 ? String.fromCharCode(0xd800 + dice.below(0x800)) : dice.one(words)
}

/** Most are short, some of up to 2,000 characters: twice of what goes out whole. */
const text = (dice: Dice) => {
  const kind = dice.below(30)
  const longest = kind === 0 ? 2000 : kind < 8 ? 200 : 30
  const length = dice.below(longest + 1)
  let value = ''
  while (value.length < length) value += character(dice)
  return value.slice(0, length)
}

const { MAX_VALUE, MIN_VALUE, MAX_SAFE_INTEGER, EPSILON } = Number
const oddNumbers = [0, -0, 1, -1, 0.1, MAX_VALUE, -MAX_VALUE, MIN_VALUE, -MIN_VALUE, MAX_SAFE_INTEGER, EPSILON]
const extremes = [...oddNumbers, 2.225073858507201e-308, 1e21, 1e-7, Number.NaN, Infinity, -Infinity]

/** As PostgreSQL writes float8, int8, numeric and oid; the last two are more than a float8 holds. */
const oddTexts: readonly (readonly [text: string, value: number])[] = [
  ...[
    '1e+20',
    '12345678901234567890.1234567890',
    '1e-05',
    '-0',
    '0.000',
    '-12.3400',
    '9223372036854775807',
    '4294967295',
    '4.9e-324',
    'NaN',
  ].map((one) => [one, Number(one)] as const),
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  [`1${'0'.repeat(400)}`, Infinity],
  ['-1e+400', -Infinity],
]

const bits = new DataView(new ArrayBuffer(8))
/** Every pattern of 64 bits alike, so that most are tiny or huge. */
const anyNumber = (dice: Dice) => {
  bits.setUint32(0, dice.word())
  bits.setUint32(4, dice.word())
  return bits.getFloat64(0)
}
const number = (dice: Dice) => {
  const kind = dice.below(4)
  if (kind === 0) return dice.one(extremes)
  if (kind === 1) return dice.below(2 ** 32) - 2 ** 31
  return kind === 2 ? anyNumber(dice) : dice.below(1e9) / 1000
}

/** A cell, and what it means. */
const cell = (dice: Dice): readonly [Cell, number] => {
  if (dice.below(3) === 0) return dice.one(oddTexts)
  const value = number(dice)
  return [dice.below(2) === 0 && !Object.is(value, -0) ? String(value) : value, value]
}

const names = ['id', 'text', 'more'] as const
const help = 'Has "quotes", \\ and\na second line'
const families = Array.from({ length: 40 }, (_, i) => ({
  size: gauge({ name: `demo_${i}_bytes`, help, labels: names }),
  count: counter({ name: `demo_${i}_total`, help, labels: names }),
}))
const peer = 'postgres_exporter'
const unlike = [
  untyped({ name: 'demo_settings', help, labels: names, peer }),
  // OpenMetrics would have it end in _total.
  counter({ name: 'demo_total_errors', help, labels: names, peer }),
]
const single = [...families.flatMap(({ size, count }) => [size, count]), ...unlike]
const took = histogram({ name: 'demo_took_seconds', help, labels: names, peer, buckets: [] })
const pause = summary({ name: 'demo_pause_seconds', help, labels: names, peer })

type Labels = Readonly<Record<(typeof names)[number], string>>
const labelled = (id: string, dice: Dice): Labels => ({ id, text: text(dice), more: text(dice) })

/** One series by itself, and two whose labels are the same for longer than a label goes out whole. */
const alone = (id: string, dice: Dice): readonly Sample[] => {
  const metric = dice.one(single)
  if (dice.below(20) > 0) return [metric.sample(number(dice), labelled(id, dice))]
  const shared = character(dice).repeat(1500)
  return ['a', 'b'].map((end) => metric.sample(number(dice), { id, text: `${shared}${end}`, more: '' }))
}

const several = (id: string, dice: Dice): readonly Sample[] => {
  const labels = labelled(id, dice)
  const [low, high, sum] = [number(dice), number(dice), number(dice)]
  const buckets = [[0.005, low] as const, [1, high] as const, [1e21, 3] as const]
  return [
    ...distribution(took, labels, { buckets, sum, count: 3 }),
    { metric: pause, value: low, labels: { ...labels, quantile: '0.99' } },
    { metric: pause, value: high, labels, suffix: '_sum' },
    { metric: pause, value: 3, labels, suffix: '_count' },
  ]
}

const ofSample = ({ metric, suffix, labels, value }: Sample) => ({
  name: `${metric.name}${suffix ?? ''}`,
  labels,
  value,
})

/** Rows with a value for each of two metrics, or none for the second. */
const table = (id: string, dice: Dice): { readonly reading: Reading; readonly expected: readonly Expected[] } => {
  const { size, count } = dice.one(families)
  const drawn = Array.from({ length: 1 + dice.below(40) }, (_, row) => ({
    labels: labelled(`${id}.${row}`, dice),
    one: cell(dice),
    two: dice.below(4) === 0 ? undefined : cell(dice),
  }))
  const rows = drawn.map(({ labels, one, two }) => [...Object.values(labels), one[0], two?.[0] ?? null])
  const expected = drawn.flatMap(({ labels, one, two }) => [
    { name: size.name, labels, value: one[1] },
    ...(two ? [{ name: count.name, labels, value: two[1] }] : []),
  ])
  const columns = names.map((name, place) => [name, place] as const)
  return { reading: { labels: columns, metrics: [[size, 3] as const, [count, 4] as const], rows }, expected }
}

/** At least `count` series, the same for the same seed: most of them from tables, in an order that mixes all metrics. */
export const generated = (count: number, seed: number): Generated => {
  const dice = diceOf(seed)
  const readings: Reading[] = []
  const expected: Expected[] = []
  for (let id = 0; expected.length < count; id += 1) {
    const kind = dice.below(20)
    if (kind === 0) {
      const { reading, expected: more } = table(String(id), dice)
      readings.push(reading)
      expected.push(...more)
    } else {
      const samples = kind === 1 ? several(String(id), dice) : alone(String(id), dice)
      readings.push(...samples)
      expected.push(...samples.map(ofSample))
    }
  }
  return { readings, expected }
}
