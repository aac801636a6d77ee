import { createHash } from 'node:crypto'
import type { Definition, Sample } from '../metrics/metric.ts'
import { type Cell, isTable, type Kept, type Reading, type Table } from './reading.ts'

export interface Format {
  readonly contentType: string
  readonly open: boolean
}
const text: Format = { contentType: 'text/plain; version=0.0.4; charset=utf-8', open: false }
const openMetrics: Format = {
  contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  open: true,
}

/** OpenMetrics where the asker prefers it, the text format otherwise. */
export const formatFor = (accept = ''): Format => (prefersOpenMetrics(accept) ? openMetrics : text)

const versions = [undefined, '0.0.1', '1.0.0']

/** By the weights of the Accept header: Prometheus can be told to ask for the text format first. */
const prefersOpenMetrics = (accept: string) => {
  const ranges = accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const parameter = (name: string) => parameters.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1)
    return { type, version: parameter('version'), weight: Number(parameter('q') ?? 1) }
  })
  const weightOf = (wanted: typeof ranges) => Math.max(0, ...wanted.map(({ weight }) => weight))
  const open = weightOf(
    ranges.filter(({ type, version }) => type === 'application/openmetrics-text' && versions.includes(version)),
  )
  const [plain = []] = ['text/plain', 'text/*', '*/*']
    .map((wanted) => ranges.filter(({ type }) => type === wanted))
    .filter((found) => found.length > 0)
  return open > 0 && open >= weightOf(plain)
}

/** Characters in one chunk: large enough to be cheap, small enough that nothing else waits for it. */
const chunkLength = 65_536

/** Readings that are put into their families at one go. */
const readingsInTurn = 10_000

/**
 * Readings as Prometheus reads them, a chunk at a time: nothing is printed before somebody asks for it. All series of a
 * metric stand together, whichever collector told of them. A chunk may be empty, where there was work and no text yet.
 */
export function* printed(readings: readonly (Reading | Kept)[], { open }: Pick<Format, 'open'>): Generator<string> {
  let chunk = ''
  const families = yield* familiesOf(readings)
  for (const { definition, parts } of families) {
    chunk += header(definition, open)
    for (const part of parts) {
      for (const line of linesOf(part, definition.name, open)) {
        chunk += line
        if (chunk.length < chunkLength) continue
        yield chunk
        chunk = ''
      }
    }
  }
  if (open) chunk += '# EOF\n'
  if (chunk !== '') yield chunk
}

type Part = Sample | Column | Kept
interface Column {
  readonly table: Table
  readonly column: number
  /** Printed once and used by every metric of the table. */
  readonly labels: string[]
}
interface Family {
  readonly definition: Definition
  readonly parts: Part[]
}

/** By name: a metric and the definition in its samples are two objects. A name may not head two families. */
function* familiesOf(readings: readonly (Reading | Kept)[]): Generator<string, Iterable<Family>> {
  const families = new Map<string, Family>()
  const put = (definition: Definition, part: Part) => {
    const family = families.get(definition.name)
    if (family) family.parts.push(part)
    else families.set(definition.name, { definition, parts: [part] })
  }
  for (const [place, reading] of readings.entries()) {
    if (!isTable(reading)) put(reading.metric, reading)
    else {
      const labels: string[] = []
      for (const [metric, column] of reading.metrics) put(metric, { table: reading, column, labels })
    }
    if (place % readingsInTurn === readingsInTurn - 1) yield ''
  }
  return families.values()
}

const linesOf = (part: Part, name: string, open: boolean): Iterable<string> => {
  if ('table' in part) return tableLines(part, name)
  return 'lines' in part ? keptLines(part, open) : [sampleLine(part)]
}

function* keptLines({ lines }: Kept, open: boolean) {
  for (const [series, value, exemplar] of lines(open)) {
    yield `${series} ${printNumber(value)}${open && exemplar ? ` # ${exemplar}` : ''}\n`
  }
}

const sampleLine = ({ metric, suffix, labels, value }: Sample) => {
  let listed = ''
  // Object.entries would cost more than all the rest of the line.
  for (const name in labels) listed = withLabel(listed, name, labels[name] ?? '')
  return `${metric.name}${suffix ?? ''}${inBraces(listed)} ${printNumber(value)}\n`
}

function* tableLines({ table, column, labels }: Column, name: string) {
  for (const [at, row] of table.rows.entries()) {
    const value = row[column]
    if (value === null || value === undefined) continue
    const words = printValue(value)
    if (words === undefined) continue
    labels[at] ??= rowLabels(table.labels, row)
    yield `${name}${labels[at]} ${words}\n`
  }
}

/** Labels in braces, as they stand behind a name; nothing where there is none. */
export const printLabels = (names: readonly string[], values: readonly string[]): string =>
  // Joined, and not added up: a sum of strings remains its parts in memory, each of them larger than its text.
  names.length === 0
    ? ''
    : ['{', names.map((name, at) => [name, '="', escaped(values[at] ?? ''), '"'].join('')).join(','), '}'].join('')

const rowLabels = (labels: Table['labels'], row: readonly Cell[]) => {
  let listed = ''
  for (const [name, column] of labels) listed = withLabel(listed, name, String(row[column] ?? ''))
  return inBraces(listed)
}

const withLabel = (before: string, name: string, value: string) =>
  `${before}${before === '' ? '' : ','}${name}="${escaped(value)}"`

const inBraces = (listed: string) => (listed === '' ? '' : `{${listed}}`)

const header = ({ name, type, help }: Definition, open: boolean) => {
  const words = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  if (!open) return `# HELP ${name} ${words}\n# TYPE ${name} ${type}\n`
  // OpenMetrics names a counter's family without _total; a counter named otherwise, as some of our peers' are, has no type there.
  const counted = type === 'counter' && name.endsWith('_total')
  const family = counted ? name.slice(0, -'_total'.length) : name
  const openType = (type === 'counter' && !counted) || type === 'untyped' ? 'unknown' : type
  return `# TYPE ${family} ${openType}\n# HELP ${family} ${words.replaceAll('"', '\\"')}\n`
}

/** Longer than any name PostgreSQL or Redis allows; what is longer is a text that somebody typed. */
const longestLabel = 1_000

const special = /[\\"\n]/
const escaped = (value: string) => {
  const bounded = value.length > longestLabel ? shortened(value) : value
  return special.test(bounded)
    ? bounded.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : bounded
}

/** Two values that only differ further on must not become one series. */
const shortened = (value: string) => {
  const mark = createHash('sha256').update(value).digest('hex').slice(0, 16)
  // Half a surrogate pair at the cut would be no text.
  return `${value.slice(0, longestLabel - mark.length - 1).replace(/[\ud800-\udbff]$/, '')}…${mark}`
}

/** What PostgreSQL writes of most numbers: nothing here is beyond a float. */
const plain = /^-?\d{1,300}(?:\.\d+)?$/
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const unusual: ReadonlyMap<string, string> = new Map([
  ['NaN', 'NaN'],
  ['Infinity', '+Inf'],
  ['-Infinity', '-Inf'],
])

/**
 * Undefined where a text is no number: Prometheus refuses a whole answer for one value it can't read, and also for a
 * number beyond a float, which goes out as an infinity.
 */
const printValue = (value: string | number) => {
  if (typeof value === 'number') return printNumber(value)
  if (plain.test(value)) return value
  return decimal.test(value) ? printNumber(Number(value)) : unusual.get(value)
}

const printNumber = (value: number) => {
  if (Object.is(value, -0)) return '-0'
  const words = String(value)
  return Number.isFinite(value) ? words : (unusual.get(words) ?? words)
}
