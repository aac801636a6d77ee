/** A series of a scrape. */
export interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** It only rises. */
  readonly counts: boolean
  /** Of a family, as it stands in the text. */
  readonly text: string
}

const escaped: Readonly<Record<string, string>> = { n: '\n' }

const labelsOf = (text: string) =>
  Object.fromEntries(
    [...text.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', value = '']) => [
      label,
      value.replace(/\\(.)/g, (_, letter: string) => escaped[letter] ?? letter),
    ]),
  )

const countedSuffix = /_(?:total|bucket|count|sum)$/

/** Every series in Prometheus' text format. */
export const seriesIn = (text: string): readonly Series[] => {
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]))
  const typeOf = (name: string) => types.get(name) ?? types.get(name.replace(countedSuffix, ''))
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const end = line.lastIndexOf(' ')
      const series = line.slice(0, end)
      const name = /^[\w:]+/.exec(series)?.[0] ?? ''
      const counts = ['counter', 'histogram', 'summary'].includes(typeOf(name) ?? '') && !series.includes('quantile="')
      return {
        name,
        labels: labelsOf(series.slice(name.length)),
        value: Number(line.slice(end + 1)),
        counts,
        text: series,
      }
    })
}

/** A value some seconds after it was recorded: counters rise by a thousandth of themselves in a scrape, and a whole one at least where they rise. */
export const valueAt = ({ value, counts }: Series, seconds: number): number => {
  if (!counts || value === 0 || !Number.isFinite(value)) return value
  const rise = value / 240
  return value + (Number.isInteger(value) ? Math.floor((rise * seconds) / 15) : (rise * seconds) / 15)
}
