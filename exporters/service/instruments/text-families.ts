import type { Definition } from '../../../metrics/metric.ts'
import type { Across, Kept, Line } from '../../reading.ts'

/** A metric as it was printed. */
interface Read extends Kept {
  readonly read: readonly Line[]
}

interface Block {
  readonly name: string
  type: string
  help: string
  readonly lines: Line[]
}

/**
 * What another library has printed in the text format or in OpenMetrics, to be served with what is ours: without
 * timestamps, and without the times at which series began.
 * @param across how a metric of several processes becomes one; counters and histograms are always summed
 * @throws Error for a line that is neither
 */
export const familiesInText = (
  text: string,
  across: (name: string) => Across | undefined = () => undefined,
): readonly Read[] => {
  const blocks: Block[] = []
  const blockOf = (name: string) => {
    const last = blocks.at(-1)
    if (last?.name === name) return last
    const block: Block = { name, type: 'untyped', help: '', lines: [] }
    blocks.push(block)
    return block
  }
  for (const line of text.split('\n')) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? []
    if (keyword === 'HELP') blockOf(name).help = unescaped(rest)
    if (keyword === 'TYPE') blockOf(name).type = rest
    if (line.trim() === '' || line.startsWith('#')) continue
    const block = blocks.at(-1)
    if (block) block.lines.push(...lineOf(line, block))
  }
  const open = /^# EOF$/m.test(text)
  return blocks.map((block) => family(block, open, across))
}

const unescaped = (help: string) => help.replace(/\\(.)/g, (_all, sign: string) => (sign === 'n' ? '\n' : sign))

/** A series, in whose quotes anything may stand, its value, a timestamp, an exemplar. */
const sample = /^([^\s{]*(?:\{(?:[^"{}]|"(?:[^"\\]|\\.)*")*\})?)\s+(\S+)(?:\s+[\d.eE+-]+)?(?:\s+# (\{.*\}.*))?$/
const numbers: Readonly<Record<string, number>> = { '+Inf': Infinity, '-Inf': -Infinity, NaN: Number.NaN }

/** None for the time at which a series began, which OpenMetrics counts among the series. */
const lineOf = (line: string, { name, type }: Block): readonly Line[] => {
  const [all, series = '', value = '', exemplar] = sample.exec(line) ?? []
  if (all === undefined) throw new Error(`${name}: a line of it is no series with a value`)
  if (type !== 'gauge' && type !== 'untyped' && nameOf(series) === `${name}_created`) return []
  return [[series, numbers[value] ?? Number(value), exemplar]]
}

const nameOf = (series: string) => series.split('{', 1)[0]

const types: readonly string[] = ['counter', 'gauge', 'histogram', 'summary'] satisfies Definition['type'][]
const isType = (type: string): type is Definition['type'] => types.includes(type)

const family = (
  { name: told, type: word, help, lines }: Block,
  open: boolean,
  across: (name: string) => Across | undefined,
): Read => {
  const type = isType(word) ? word : 'untyped'
  // OpenMetrics names a counter's family without what its series end in.
  const total = `${told}_total`
  const isTotal = type === 'counter' && (lines[0] ? nameOf(lines[0][0]) === total : open && !told.endsWith('_total'))
  const name = isTotal ? total : told
  const metric: Definition = { name, type, help, labels: [] }
  return { metric, read: lines, lines: () => lines, across: type === 'gauge' ? across(name) : undefined }
}
