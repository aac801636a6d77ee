/** Hours, UTC, at which a table can be had; each party keeps it until the next. */
export const sittingHours = [11, 13, 18, 20] as const
const daysAhead = 180

const day = 86_400_000

/** Why nobody can be seated then, or undefined where somebody can. */
export const refusal = (date: Date, now = new Date()): string | undefined => {
  const [hour, rest] = [date.getUTCHours(), date.getTime() % 3_600_000]
  if (!sittingHours.some((sitting) => sitting === hour) || rest !== 0) {
    return `there is no sitting then: choose ${sittingHours.join(':00, ')}:00 UTC`
  }
  if (date <= now) return 'that sitting is over: choose one to come'
  if (date.getTime() > now.getTime() + daysAhead * day) return `reservations open ${daysAhead} days ahead`
  return undefined
}

/** The sitting `index` (0 to 3) of the day so many days from now. */
export const sitting = (days: number, index: number, now = new Date()): Date =>
  new Date(Math.floor(now.getTime() / day) * day + days * day + (sittingHours[index] ?? sittingHours[0]) * 3_600_000)
