import type { Duration } from '../../metrics/promql.ts'

const units = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const

export const secondsIn = (duration: Duration): number => {
  const [, number, unit] = /^(\d+)(\w)$/.exec(duration) ?? []
  const factor = new Map<string | undefined, number>(Object.entries(units)).get(unit)
  if (!factor) throw new Error(`${duration} is no duration`)
  return Number(number) * factor
}
