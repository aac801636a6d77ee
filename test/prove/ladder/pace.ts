import { parse } from 'yaml'
import { plainYaml } from '../../../compose/yaml.ts'
import { nodesOf, replaced } from '../../promtool/promql-edit.ts'

/** Nothing is asked, judged or sent more often than this, in milliseconds: a machine for tests could not keep up. */
export const often = 250
/** A range needs some samples to be one, as in production, where each holds four or more. */
export const leastRange = 12_000

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const unitOf = new Map<string | undefined, number>(Object.entries(units))

/** Milliseconds of `1h30m`. */
export const millisecondsIn = (text: string): number => {
  if (!/^(\d+(ms|[smhdw]))+$/.test(text)) throw new Error(`${text} is no duration`)
  return [...text.matchAll(/(\d+)(ms|[smhdw])/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * (unitOf.get(unit) ?? Number.NaN),
    0,
  )
}

/** Times that pass faster, by one factor for all of them. */
export interface Pace {
  readonly factor: number
  /** A duration as it is where times pass faster, in milliseconds; never shorter than `least`. */
  milliseconds(duration: string, least?: number): number
  /** The same, as it is written in a file or a flag. */
  duration(duration: string, least?: number): string
  /** Seconds of production as they pass here. */
  seconds(seconds: number): number
}

export const paceOf = (factor: number): Pace => {
  const milliseconds = (duration: string, least = 0) => Math.max(least, Math.round(millisecondsIn(duration) / factor))
  return {
    factor,
    milliseconds,
    duration: (duration, least) => `${milliseconds(duration, least)}ms`,
    seconds: (seconds) => seconds / factor,
  }
}

type Change = (value: string) => unknown

/** A document in which what stands under these keys is another. */
const changed = (value: unknown, by: Readonly<Record<string, Change>>, key?: string): unknown => {
  if (Array.isArray(value)) return value.map((one) => changed(one, by, key))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, changed(inner, by, name)]))
  }
  const change = key === undefined ? undefined : new Map(Object.entries(by)).get(key)
  return change && typeof value === 'string' ? change(value) : value
}

/** A rule as it stands in a generated file. */
export interface WrittenRule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly for?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

export interface WrittenGroup {
  readonly name: string
  readonly rules: readonly WrittenRule[]
}

export const groupsIn = (file: string): readonly WrittenGroup[] => {
  const { groups }: { readonly groups: readonly WrittenGroup[] } = parse(file)
  return groups
}

/** Ranges, offsets and steps; and where numbers are seconds, those as well. */
const fasterExpr = (pace: Pace, numbersAreSeconds: boolean) => (promql: string) => {
  const durations = replaced(promql, nodesOf(promql, ['NumberDurationLiteralInDurationContext']), (text, { from }) =>
    pace.duration(text, promql[from - 1] === '[' ? leastRange : 1),
  )
  if (!numbersAreSeconds) return durations
  // 0 and 1 are answers and not times.
  return replaced(durations, nodesOf(durations, ['NumberDurationLiteral']), (text) =>
    Number(text) > 1 ? String(pace.seconds(Number(text))) : text,
  )
}

/** Groups of a generated rule file where times pass faster. */
export const fasterGroups = (
  pace: Pace,
  groups: readonly WrittenGroup[],
  { numbersAreSeconds = false } = {},
): readonly unknown[] =>
  groups.map((group) =>
    changed(group, {
      interval: (text) => pace.duration(text, often),
      for: (text) => pace.duration(text),
      keep_firing_for: (text) => pace.duration(text),
      expr: fasterExpr(pace, numbersAreSeconds),
    }),
  )

const pauses = { group_wait: 0, group_interval: often, repeat_interval: 1 } as const

/** alertmanager.yml, where times pass faster. */
export const fasterRoutes = (pace: Pace, text: string): string =>
  plainYaml(
    changed(
      parse(text),
      Object.fromEntries(
        Object.entries(pauses).map(([key, least]) => [key, (duration: string) => pace.duration(duration, least)]),
      ),
    ),
  )

/**
 * Milliseconds that a start takes at most, and the five seconds for which Prometheus then scrapes nothing, however fast times
 * pass. So much longer than their share it looks back, and an alert lasts that it does not tell again.
 */
export const restart = 8000

/** Milliseconds after which Prometheus tells again what fires; what it does not tell four times is over. */
export const resendOf = (pace: Pace): number => pace.milliseconds('1m') + restart / 4
