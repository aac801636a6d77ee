import { severities } from '../../../config/sla.ts'
import type { Dice } from '../dice.ts'
import { type Firing, isCovered, type Scene } from './script.ts'

/** Seconds that lie so far from what is counted by that the minute in which something happens does not matter. */
const ages = [0, 100, 450, 1200, 2400, 5400, 10_000, 20_000, 50_000, 120_000, 200_000, 400_000, 700_000] as const

/** Seconds between the end of a response time and what decides whether it was kept. */
export const margin = 3
/** What has a deadline far from now has it earlier, or later, than this share of it. */
const [before, after] = [0.7, 1.3] as const

export const responseSeconds = ({ labels }: Pick<Firing, 'labels'>) =>
  severities[labels.severity].respondWithinHours * 3600

/** Moments at which something happens to an alert. */
const moments = ({ labels, heard, over }: Firing, { silences }: Scene) => [
  heard,
  over,
  ...silences.filter(({ matchers }) => isCovered(matchers, labels)).flatMap(({ begins, ends }) => [begins, ends]),
]

/** Seconds from when it is heard of to the end of its response time, which no moment is near. */
const soon = (firing: Firing, scene: Scene) => {
  const taken = moments(firing, scene)
  const tries = Array.from({ length: 80 }, (_, i) => i / 2)
  return tries.filter(
    (wait) =>
      wait < firing.over - firing.heard + 2 * margin &&
      taken.every((moment) => Math.abs(firing.heard + wait - moment) > margin),
  )
}

const ageOf = (dice: Dice, firing: Firing, scene: Scene) => {
  const response = responseSeconds(firing)
  const jitter = dice.below(20)
  const waits = soon(firing, scene)
  const chance = dice.below(10)
  if (chance < 4 && waits.length > 0) return response - dice.one(waits)
  const far = ages.filter((age) => (chance < 7 ? age < response * before : age > response * after))
  return dice.one(far) + jitter
}

/** What is over at once is news, and so is what comes back: it cannot have begun before it was over. */
const isNews = ({ labels, heard, over }: Firing, { firings }: Scene) =>
  over - heard < 1 || firings.some((one) => one.labels === labels && one.heard < heard)

/** Each alert of a scene has fired for a while: its response time has long run out, or has long to go, or runs out in it. */
export const aged = (dice: Dice, scene: Scene): Scene => ({
  ...scene,
  firings: scene.firings.map((one) => (isNews(one, scene) ? one : { ...one, age: ageOf(dice, one, scene) })),
})
