import { readFileSync } from 'node:fs'

/** A family of metrics as dashboards and rules depend on it. */
export interface Family {
  readonly name: string
  readonly type: string
  /** In alphabetical order; `le` among those of a histogram. */
  readonly labels: string
}

/** postgres_exporter 0.20 leaves out `server` as well; a dash says that there is no label. */
const unnamed = ['server', '-']

export const family = (name: string, type: string, labels: Iterable<string>): Family => ({
  name,
  type,
  labels: [...new Set(labels)]
    .filter((label) => !unnamed.includes(label))
    .sort()
    .join(),
})

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** The families of an exporter that people leave. */
export const contractOf = (exporter: string): readonly Family[] =>
  read(`test/schemas/${exporter}.metrics.txt`)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [name = '', type = '', labels = ''] = line.split(' ')
      return family(name, type, labels.split(','))
    })

/** What the guide says is left out: the first cell of each row of its table. */
export const leftOutOf = (exporter: string): readonly string[] => {
  const guide = read('docs/migrating.md')
    .split(`\n## ${exporter}`)[1]
    ?.split('### What is left out')[1]
    ?.split('\n#')[0]
  return [...(guide ?? '').matchAll(/^\| (`[^|]*)/gm)].map(([, cell = '']) => cell)
}

/** The families of an answer that have a series, and every series by its name and labels. */
export const parse = (body: string) => {
  const types = new Map([...body.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type = '']) => [name, type]))
  const series = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const labels = new Map<string, string[]>()
  for (const line of series) {
    const whole = /^\w+/.exec(line)?.[0] ?? ''
    const name = types.has(whole) ? whole : whole.replace(/_(bucket|sum|count)$/, '')
    const own = [...line.matchAll(/[{,](\w+)="/g)].map(([, label = '']) => label)
    labels.set(name, [...(labels.get(name) ?? []), ...own])
  }
  return {
    families: [...labels].map(([name, own]) => family(name, types.get(name) ?? '', own)),
    series: series.map((line) => line.slice(0, line.lastIndexOf(' '))),
  }
}
