import type { Definition, Sample } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import type { Redis } from './source.ts'

/** The answer to INFO: every field, each a text. */
export type Info = ReadonlyMap<string, string>

/** A metric filled from one field of INFO, without labels of its own. */
interface FieldMetric extends Definition {
  readonly labels: readonly never[]
  sample(value: number): Sample
}
interface Scaled {
  readonly metric: FieldMetric
  readonly factor: number
}
export type Fields = Readonly<Record<string, FieldMetric | Scaled>>

/** A metric in another unit than its field: `scaled(seconds, 1e-6)` for a field in microseconds. */
export const scaled = (metric: FieldMetric, factor: number): Scaled => ({ metric, factor })

const metricOf = (filled: FieldMetric | Scaled) => ('metric' in filled ? filled.metric : filled)

export const metricsOf = (fields: Fields): readonly FieldMetric[] => Object.values(fields).map(metricOf)

const words: Readonly<Record<string, number>> = { ok: 1, true: 1, up: 1, err: 0, fail: 0, false: 0, down: 0 }
const number = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i

/** A number as INFO writes it, a state as 1 (ok) or 0. Anything else, such as `-nan`, is no reading. */
export const numberOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  if (Object.hasOwn(words, text)) return words[text]
  const value = number.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? value : undefined
}

/** `a=1,b=2`, as INFO writes what has several values. */
export const pairsOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split(',').map((pair) => {
      const equals = pair.indexOf('=')
      return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)]
    }),
  )

/** The fields whose name starts with `prefix`, without it. */
export const fieldsOf = (info: Info, prefix: string): readonly (readonly [name: string, value: string])[] =>
  [...info].flatMap(([field, value]) =>
    field.startsWith(prefix) ? [[field.slice(prefix.length), value] as const] : [],
  )

/** The release the server says it is compatible with: 7.2 is 7.2 of Redis, and any Valkey. */
export const releaseOf = (info: Info) => Number.parseFloat(info.get('redis_version') ?? '') || 0

/** A sample for each field that this server has. */
export const fieldSamples = (info: Info, fields: Fields): readonly Sample[] =>
  Object.entries(fields).flatMap(([field, filled]) => {
    const value = numberOf(info.get(field))
    if (value === undefined) return []
    return [metricOf(filled).sample('factor' in filled ? value * filled.factor : value)]
  })

/** A collector that fills each metric from the field it stands under. A field that this server does not have is left out. */
export const fieldCollector = (name: string, fields: Fields): Collector<Redis> => ({
  name,
  metrics: metricsOf(fields),
  collect: async ({ info }) => fieldSamples(await info(), fields),
})

const peer = 'redis_exporter'
/** The arguments of a definition named as redis_exporter names it. */
export const theirs = (name: string, help: string) => ({ name: `redis_${name}`, peer, help }) as const
