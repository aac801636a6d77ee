import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'

/** Several readings of one thing. */
export interface Spread {
  readonly median: number
  readonly p95: number
  readonly least: number
  readonly most: number
}

/** Nearest rank: a figure that was really read. */
export const spreadOf = (values: readonly number[]): Spread => {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
  return { median: rank(0.5), p95: rank(0.95), least: rank(0), most: rank(1) }
}

const statOf = (pid: number) => {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The name of the program, in brackets, may hold blanks.
  return text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
}

/** Linux counts in hundredths of a second for whoever reads /proc, on every architecture. */
const tick = 10
/** Places in /proc/PID/stat behind the name, of proc(5): utime, stime, cutime, cstime. */
const [utime, stime, cutime, cstime] = [11, 12, 13, 14] as const

/** Milliseconds of processor time that a process has used. */
export const cpuOf = (pid: number) => {
  const stat = statOf(pid)
  return tick * ((stat[utime] ?? 0) + (stat[stime] ?? 0))
}

/** Milliseconds of processor time that the ended children of a process have used. */
export const childrenCpuOf = (pid: number) => {
  const stat = statOf(pid)
  return tick * ((stat[cutime] ?? 0) + (stat[cstime] ?? 0))
}

/** A field of /proc/PID/status in MiB; 0 for a process that has ended. */
export const memoryOf = (pid: number, field: 'VmRSS' | 'VmHWM' | 'RssAnon') => {
  try {
    const kilobytes = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
    return Number(kilobytes ?? 0) / 1024
  } catch {
    return 0
  }
}

export interface Answer {
  readonly milliseconds: number
  readonly bytes: number
  readonly chunks: readonly Buffer[]
}

/** Kept, as Prometheus keeps it. */
const agent = new Agent({ keepAlive: true })

/** What Prometheus sends; large catalogues take the peer longer than the usual ten seconds allow. */
const headers = { accept: 'text/plain;version=0.0.4', 'x-prometheus-scrape-timeout-seconds': '60' }

/**
 * The time until the last byte of an answer, which is left as it came.
 * @throws Error for any status but 200
 */
export const scrape = (url: string, encoding: 'identity' | 'gzip' = 'identity') =>
  new Promise<Answer>((resolve, reject) => {
    const start = performance.now()
    const request = get(url, { agent, headers: { ...headers, 'accept-encoding': encoding } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', reject)
      response.once('end', () => {
        const milliseconds = performance.now() - start
        const bytes = chunks.reduce((sum, { length }) => sum + length, 0)
        if (response.statusCode === 200) resolve({ milliseconds, bytes, chunks })
        else reject(new Error(`could not scrape ${url}: ${response.statusCode} ${Buffer.concat(chunks)}`))
      })
    })
    request.once('error', (cause) => reject(new Error(`could not scrape ${url}`, { cause })))
  })

/** What an exporter says of its own process: ours says it at a path of its own. */
const ofItself = /^(?:go|process|promhttp)_/

/** How many series each name has, those of the exporter's own process left out. */
export const seriesOf = (chunks: readonly Buffer[]): ReadonlyMap<string, number> => {
  const series = new Map<string, number>()
  for (const line of Buffer.concat(chunks).toString().split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const name = /^[^{ ]+/.exec(line)?.[0] ?? ''
    if (!ofItself.test(name)) series.set(name, (series.get(name) ?? 0) + 1)
  }
  return series
}

export const countOf = (series: ReadonlyMap<string, number>) =>
  [...series.values()].reduce((sum, count) => sum + count, 0)

/** The values of all series of a gauge, or of those with this among their labels. */
export const gauges = (chunks: readonly Buffer[], name: string, label = ''): readonly number[] =>
  [
    ...Buffer.concat(chunks)
      .toString()
      .matchAll(new RegExp(`^${name}(\\{.*\\})? (\\S+)$`, 'gm')),
  ].flatMap(([, labels = '', value]) => (labels.includes(label) ? [Number(value)] : []))

/** What an exporter says it could not read: who reads less costs less. */
export const failuresIn = (chunks: readonly Buffer[]): readonly string[] =>
  Buffer.concat(chunks)
    .toString()
    .split('\n')
    .filter((line) =>
      /^(?:\w+_up|\w+_scrape_collector_success\{.*\}) 0$|^\w+_last_scrape_error(?:\{.*\})? 1$/.test(line),
    )
