import type { Definition } from '../../../metrics/metric.ts'
import type { Across, Kept, Line } from '../../reading.ts'

const numbers: Readonly<Record<string, number>> = { '+Inf': Infinity, '-Inf': -Infinity, NaN: Number.NaN }
const types: readonly string[] = ['counter', 'gauge', 'histogram', 'summary'] satisfies Definition['type'][]
const isType = (type: string): type is Definition['type'] => types.includes(type)

/**
 * What another library has printed in the text format, without timestamps, to be served with what is ours.
 * @param across how a metric of several processes becomes one; counters and histograms are always summed
 */
export const familiesInText = (text: string, across: (name: string) => Across | undefined = () => undefined) => {
  const families: (Kept & { readonly read: Line[] })[] = []
  let help = ''
  for (const line of text.split('\n')) {
    const [, keyword = '', name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? []
    if (keyword === 'HELP') help = rest.replaceAll('\\n', '\n').replaceAll('\\\\', '\\')
    if (keyword === 'TYPE')
      families.push(family({ name, type: isType(rest) ? rest : 'untyped', help, labels: [] }, across))
    if (line === '' || line.startsWith('#')) continue
    const end = line.lastIndexOf(' ')
    const value = line.slice(end + 1)
    families.at(-1)?.read.push([line.slice(0, end), numbers[value] ?? Number(value)])
  }
  return families
}

const family = (metric: Definition, across: (name: string) => Across | undefined) => {
  const read: Line[] = []
  return { metric, read, lines: () => read, across: metric.type === 'gauge' ? across(metric.name) : undefined }
}
