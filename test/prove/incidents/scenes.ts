import { severities } from '../../../config/sla.ts'
import { teams } from '../../../config/teams.ts'
import { namesOf } from '../../../metrics/names.ts'
import type { Dice } from '../dice.ts'
import { aged } from './ages.ts'
import type { Firing, Matcher, Scene, Silence } from './script.ts'

type Draft = Omit<Scene, 'kind'>

/** Every owner with the severities it is told of. */
const ways = Object.entries(teams).flatMap(([owner, { tell }]) =>
  namesOf(severities)
    .filter((severity) => severity in tell)
    .map((severity) => ({ owner, severity })),
)

const names = ['RehearsedFault', 'RehearsedDelay', 'RehearsedLoss'] as const
/** Whatever may stand in a label. */
const notes = ['plain', 'a "quoted" word', 'back\\slash', 'two\nlines', 'élève, 日本', '{a="b"} 1'] as const

const alertOf = (dice: Dice, instance: string, part: string): Firing['labels'] => ({
  alertname: dice.one(names),
  instance,
  part,
  note: dice.one(notes),
  ...dice.one(ways),
})

/** Seconds, to the tenth. */
const between = (dice: Dice, from: number, to: number) => from + dice.below((to - from) * 10) / 10

const firing = (labels: Firing['labels'], heard: number, over: number): Firing => ({ labels, heard, over, age: 0 })

const is = (name: string, value: string): Matcher => ({ name, value, isRegex: false })
const matches = (name: string, value: string): Matcher => ({ name, value, isRegex: true })

const silence = (dice: Dice, matchers: readonly Matcher[], made: number, ends: number): Silence => ({
  matchers,
  made,
  begins: made,
  ends,
  by: dice.one(['itself', 'deletion']),
})

/** One alert alone, matched by where it is. */
const alone = (dice: Dice, id: string) => ({ labels: alertOf(dice, id, 'a'), here: [is('instance', id)] })

const leftAlone = (dice: Dice, id: string): Draft => ({
  firings: [firing(alone(dice, id).labels, 0, between(dice, 5, 24))],
  silences: [],
})

const answeredUntilOver = (dice: Dice, id: string): Draft => {
  const { labels, here } = alone(dice, id)
  const made = between(dice, 5, 9)
  const over = made + between(dice, 3, 12)
  return { firings: [firing(labels, 0, over)], silences: [silence(dice, here, made, over + between(dice, 12, 16))] }
}

const answeredForAWhile = (dice: Dice, id: string): Draft => {
  const { labels, here } = alone(dice, id)
  const made = between(dice, 5, 9)
  const ends = made + between(dice, 2, 6)
  return { firings: [firing(labels, 0, ends + between(dice, 3, 12))], silences: [silence(dice, here, made, ends)] }
}

const answeredTwice = (dice: Dice, id: string): Draft => {
  const { labels, here } = alone(dice, id)
  const first = between(dice, 5, 8)
  const second = first + between(dice, 3, 8)
  const over = second + between(dice, 3, 8)
  return {
    firings: [firing(labels, 0, over)],
    silences: [
      silence(dice, here, first, first + between(dice, 2, 6)),
      silence(dice, [is('alertname', labels.alertname ?? ''), ...here], second, over + 12),
    ],
  }
}

const answerMadeLonger = (dice: Dice, id: string): Draft => {
  const { labels, here } = alone(dice, id)
  const made = between(dice, 5, 9)
  const [first, ends] = [made + 4, made + between(dice, 8, 12)]
  return {
    firings: [firing(labels, 0, ends + between(dice, 3, 10))],
    silences: [{ ...silence(dice, here, made, ends), longer: { at: made + 2, first } }],
  }
}

const answerPlanned = (dice: Dice, id: string): Draft => {
  const { labels, here } = alone(dice, id)
  const begins = between(dice, 6, 10)
  const ends = begins + between(dice, 3, 12)
  return {
    firings: [firing(labels, 0, begins + between(dice, 5, 15))],
    silences: [{ ...silence(dice, here, between(dice, 0, 3), ends), begins }],
  }
}

const silencedBefore = (dice: Dice, id: string): Draft => {
  const { labels, here } = alone(dice, id)
  const heard = between(dice, 1, 4)
  const ends = heard + between(dice, 1, 8)
  return { firings: [firing(labels, heard, ends + between(dice, 5, 12))], silences: [silence(dice, here, 0, ends)] }
}

const silencedThroughout = (dice: Dice, id: string): Draft => {
  const { labels, here } = alone(dice, id)
  const over = between(dice, 6, 12)
  return { firings: [firing(labels, 1, over)], silences: [silence(dice, here, 0, over + 12)] }
}

const overAtOnce = (dice: Dice, id: string): Draft => ({
  firings: [firing(alone(dice, id).labels, 0, 0.3)],
  silences: [],
})

/** Comes back after everybody was told that it is over; one of the times may be answered. */
const flapping = (dice: Dice, id: string): Draft => {
  const { labels, here } = alone(dice, id)
  const [firings, silences]: [Firing[], Silence[]] = [[], []]
  const answered = dice.below(4)
  let at = 0
  for (let time = 0; time < 2 + dice.below(3); time++) {
    const over = at + between(dice, 9, 12)
    firings.push(firing(labels, at, over))
    if (time === answered)
      silences.push(silence(dice, here, at + between(dice, 5.5, 7), over - between(dice, 0.5, 1.5)))
    at = over + between(dice, 12, 15)
  }
  return { firings, silences }
}

/** Alertmanager tells nobody that it is over, nor that it is back: only that it is over in the end. */
const backFromSilence = (dice: Dice, id: string): Draft => {
  const { labels, here } = alone(dice, id)
  const made = between(dice, 5, 7)
  const over = made + between(dice, 2, 5)
  const back = over + between(dice, 16, 19)
  return {
    firings: [firing(labels, 0, over), firing(labels, back, back + between(dice, 6, 10))],
    silences: [silence(dice, here, made, over + between(dice, 1, 3))],
  }
}

const letters = ['a', 'b', 'c', 'd', 'e', 'f'] as const

/** Of one group, or of several; a pattern answers some of them or all. */
const many = (dice: Dice, id: string): Draft => {
  const parts = letters.slice(0, 2 + dice.below(5))
  const apart = dice.below(2) === 0
  const first = alertOf(dice, id, 'a')
  const labels = parts.map((part) =>
    apart ? alertOf(dice, `${id}-${part}`, part) : { ...first, part, note: dice.one(notes) },
  )
  const made = between(dice, 7, 10)
  const pattern = parts.slice(0, 1 + dice.below(parts.length)).join('|')
  const matchers = [matches('instance', `${id}(-.)?`), matches('part', pattern), matches('alertname', 'Rehearsed.+')]
  return {
    firings: labels.map((one) => firing(one, between(dice, 0, 2), made + between(dice, 3, 14))),
    silences: [silence(dice, matchers, made, made + between(dice, 2, 24))],
  }
}

/** What is told besides: the steps of a ladder, and what has no severity. */
const noIncident = (dice: Dice, id: string): Draft => ({
  firings: [firing({ ...alone(dice, id).labels, step: dice.one(['reminder', 'escalation']) }, 0, between(dice, 5, 12))],
  silences: [],
})

/** By what happens, and how often it does among the others. */
const kinds = {
  'left alone': [5, leftAlone],
  'answered, and over while silenced': [4, answeredUntilOver],
  'answered for a while': [4, answeredForAWhile],
  'answered twice': [2, answeredTwice],
  'answered, and the silence made longer': [2, answerMadeLonger],
  'answered as planned before': [2, answerPlanned],
  'silenced before, and told after': [2, silencedBefore],
  'silenced throughout': [1, silencedThroughout],
  'over before anybody was told': [1, overAtOnce],
  flapping: [3, flapping],
  'over while silenced, and back after': [1, backFromSilence],
  'several, answered by a pattern': [3, many],
  'a step of a ladder': [1, noIncident],
} as const satisfies Readonly<Record<string, readonly [number, (dice: Dice, id: string) => Draft]>>

const chances = namesOf(kinds).flatMap((kind) => Array.from({ length: kinds[kind][0] }, () => kind))
/** The one that is always one incident: with it a number is reached. */
const single = 'left alone'

const shifted = ({ firings, silences, ...scene }: Scene, by: number): Scene => ({
  ...scene,
  firings: firings.map((one) => ({ ...one, heard: one.heard + by, over: one.over + by })),
  silences: silences.map((one) => ({
    ...one,
    made: one.made + by,
    begins: one.begins + by,
    ends: one.ends + by,
    ...(one.longer && { longer: { at: one.longer.at + by, first: one.longer.first + by } }),
  })),
})

const lengthOf = ({ firings, silences }: Scene) =>
  Math.max(...[...firings.map((one) => one.over), ...silences.map((one) => one.ends)])

/**
 * Scenes side by side.
 * @param incidents how many come of them, as `count` tells of each
 * @param span seconds in which all begin and end, or more where one scene takes longer
 */
export const scenesOf = (
  dice: Dice,
  { incidents, span }: { readonly incidents: number; readonly span: number },
  count: (scene: Scene) => number,
): readonly Scene[] => {
  const scenes: Scene[] = []
  let left = incidents
  while (left > 0) {
    const kind = left < letters.length ? single : dice.one(chances)
    const scene = aged(dice, { kind, ...kinds[kind][1](dice, `s${scenes.length}`) })
    if (lengthOf(scene) > span) continue
    left -= count(scene)
    scenes.push(shifted(scene, between(dice, 0, span - lengthOf(scene))))
  }
  return scenes
}
