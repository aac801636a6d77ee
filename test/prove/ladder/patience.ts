import { ourDelivery, type Route, routesOf } from '../../../alerts/routes.ts'
import type { Climb } from './climb.ts'
import type { Due } from './law.ts'
import { leastRange, often, type Pace, resendOf } from './pace.ts'

/** How long after it is due a step may come. */
export interface Patience {
  readonly pace: Pace
  /** Milliseconds from one evaluation, and one scrape, to the next. */
  readonly interval: number
  /** What a machine takes for all that happens in between. */
  readonly machine: number
  /** Milliseconds after which an alert is over that Prometheus does not tell again: it says four times its pause. */
  readonly forgotten: number
  /** Whether a message lists all that is of one owner, and comes again when another joins. */
  listed(due: Due, climb: Climb): boolean
}

const routes = routesOf(ourDelivery)

const routeTo = (receiver: string): Route => {
  const found = routes.find((one) => one.receiver === receiver)
  if (!found) throw new Error(`no route leads to ${receiver}`)
  return found
}

const isListed = ({ groupBy }: Route) => !groupBy.includes('instance')

/** @param machine more than a second and a half where other work is done beside it */
export const patienceOf = (pace: Pace, interval: number, { machine = 1500 } = {}): Patience => ({
  pace,
  interval,
  machine,
  forgotten: 4 * resendOf(pace),
  listed: ({ receiver }) => isListed(routeTo(receiver)),
})

/**
 * Milliseconds: the wait of the group, and where the message joins a list, or is told in turn, its interval; two evaluations
 * from one rule to the next, and the delay of the rung (`for`), which is seen at the evaluation after it; where it was held
 * back, the recorder asks and is scraped first.
 */
export const patienceFor = ({ pace, interval, machine }: Patience, due: Due, climb: Climb): number => {
  const route = routeTo(due.receiver)
  const { groupWait, groupInterval } = route.timing
  const [wait, turn] = [pace.milliseconds(groupWait), pace.milliseconds(groupInterval, often)]
  const { for: delay, keepFiringFor = '0s' } = climb.alert
  switch (due.step) {
    case 'first':
      return wait + interval + machine
    case 'closing':
    case 'resolution':
      // The range that an alert looks at has to be free of the fault: as long as its delay, by and large.
      return (
        turn +
        pace.milliseconds(keepFiringFor) +
        Math.max(pace.milliseconds(delay), leastRange + 5000) +
        2 * interval +
        machine
      )
    default: {
      const held = climb.releasedAt !== undefined && due.at >= climb.releasedAt ? 3 * interval : 0
      return wait + (isListed(route) ? turn : 0) + pace.milliseconds('1m') + 3 * interval + held + machine
    }
  }
}
