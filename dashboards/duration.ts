const second = 1000
const minute = 60 * second
export const hour = 60 * minute
const day = 24 * hour
/** In milliseconds, by the letters that Grafana and Prometheus have for them. */
export const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: second,
  m: minute,
  h: hour,
  d: day,
  w: 7 * day,
  M: 30 * day,
  y: 365 * day,
}

/** `1h30m` in milliseconds; undefined for what is no duration. */
export const parseDuration = (text: string): number | undefined => {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhdwMy]))+$/.test(text)) return undefined
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwMy])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0),
    0,
  )
}

/** The coarsest unit that says it exactly, as Prometheus reads it. */
export const formatDuration = (milliseconds: number): string => {
  const unit = ['d', 'h', 'm', 's'].find((name) => milliseconds % (units[name] ?? 1) === 0 && milliseconds > 0)
  return unit ? `${milliseconds / (units[unit] ?? 1)}${unit}` : `${Math.round(milliseconds)}ms`
}

/** Up to which length a step is rounded to what; Grafana's own table, so that both draw the same points. */
const rounded: readonly (readonly [below: number, step: number])[] = [
  [10, 1],
  [15, 10],
  [35, 20],
  [75, 50],
  [150, 100],
  [350, 200],
  [750, 500],
  [1.5 * second, second],
  [3.5 * second, 2 * second],
  [7.5 * second, 5 * second],
  [12.5 * second, 10 * second],
  [17.5 * second, 15 * second],
  [25 * second, 20 * second],
  [45 * second, 30 * second],
  [1.5 * minute, minute],
  [3.5 * minute, 2 * minute],
  [7.5 * minute, 5 * minute],
  [12.5 * minute, 10 * minute],
  [17.5 * minute, 15 * minute],
  [25 * minute, 20 * minute],
  [45 * minute, 30 * minute],
  [1.5 * hour, hour],
  [2.5 * hour, 2 * hour],
  [4.5 * hour, 3 * hour],
  [9 * hour, 6 * hour],
  [day, 12 * hour],
  [7 * day, day],
  [21 * day, 7 * day],
]

export const roundStep = (milliseconds: number): number =>
  rounded.find(([below]) => milliseconds < below)?.[1] ?? (milliseconds < 365 * day ? 30 * day : 365 * day)
