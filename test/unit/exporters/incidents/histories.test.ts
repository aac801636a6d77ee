import { expect, test } from 'vitest'
import { emptyBook } from '../../../../exporters/incidents/book.ts'
import { recordable } from '../../../../exporters/incidents/deliveries.ts'
import { type Delivered, type Incident, type Sight, seen } from '../../../../exporters/incidents/incident.ts'
import type { Silence } from '../../../../exporters/incidents/silences.ts'

const minute = 60_000
const settle = 3 * minute
const respondWithin = 60 * minute

/** Numbers that look random and come again with the seed. */
const dice = (seed: number) => {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  return {
    chance: (share: number) => next() < share,
    between: (from: number, to: number) => Math.floor(from + next() * (to - from)),
  }
}
type Dice = ReturnType<typeof dice>

interface Outage {
  readonly fingerprint: string
  readonly from: number
  readonly to: number
  readonly silences: readonly Silence[]
}

/** What happened: outages of a few alerts one after the other, some of them silenced for some of the time. */
const history = ({ chance, between }: Dice): readonly Outage[] =>
  ['a1', 'b2', 'c3'].flatMap((fingerprint) => {
    const outages: Outage[] = []
    let now = between(0, 30 * minute)
    while (now < 20 * 60 * minute) {
      const from = now
      const to = from + between(minute, 150 * minute)
      const silences = [...Array(between(0, 3))].map((_, at): Silence => {
        const startsAt = from + between(-20 * minute, 170 * minute)
        const matchers = [{ name: 'alert', value: fingerprint, isRegex: false, isEqual: true }]
        return { matchers, startsAt, endsAt: startsAt + between(1, 40 * minute), createdBy: `${fingerprint} ${at}` }
      })
      outages.push({ fingerprint, from, to, silences: chance(0.7) ? silences : [] })
      now = to + between(5 * minute, 90 * minute)
    }
    return outages
  })

const told = ({ fingerprint, from, to }: Outage, status: Delivered['status']): Delivered => ({
  status,
  fingerprint,
  labels: { alert: fingerprint, severity: 'critical', owner: 'platform' },
  annotations: {},
  generatorURL: '',
  startsAt: from,
  endsAt: status === 'firing' ? Number.NEGATIVE_INFINITY : to,
})

type Event = { readonly at: number; readonly alert?: Delivered }

/** How the recorder hears of it: late, again and again, the end before the beginning, or the end alone; and by looks. */
const events = (outages: readonly Outage[], { chance, between }: Dice): readonly Event[] => {
  const deliveries = outages.flatMap((outage): Event[] => {
    const firing = { at: outage.from + between(0, minute), alert: told(outage, 'firing') }
    const end = { at: outage.to + between(0, 2 * minute), alert: told(outage, 'resolved') }
    const late = { ...firing, at: end.at + between(1, 4 * minute) }
    const beginning = chance(0.1) ? [] : [chance(0.1) ? late : firing]
    return [...beginning, end]
  })
  const again = deliveries.flatMap((one) =>
    [...Array(between(0, 4))].map(() => ({ ...one, at: one.at + between(0, 300 * minute) })),
  )
  const looks = [...Array(1500)].map(() => ({ at: between(0, 24 * 60 * minute) }))
  // The last looks find everything over.
  return [...deliveries, ...again, ...looks, { at: 1e9 }].toSorted((one, other) => one.at - other.at)
}

const sightAt = (askedAt: number, outages: readonly Outage[], { between }: Dice): Sight => {
  const active = outages
    .filter(({ from, to }) => from <= askedAt && askedAt < to)
    .map(({ fingerprint, from }) => {
      const updatedAt = Math.max(from, askedAt - between(0, minute))
      return [fingerprint, { labels: {}, updatedAt }] as const
    })
  const silences = outages.flatMap((outage) => outage.silences).filter(({ startsAt }) => startsAt <= askedAt)
  return { askedAt, upSince: -1e9, active: new Map(active), silences }
}

/** By itself, from what happened, knowing nothing of how it was heard of but when that was first. */
const naive = (outages: readonly Outage[], heard: readonly Event[]) =>
  outages
    .map(({ fingerprint, from, to }) => {
      const first = heard.find(({ alert }) => alert?.fingerprint === fingerprint && alert.startsAt === from)?.at ?? 0
      const answers = outages
        .flatMap((one) => (one.fingerprint === fingerprint ? one.silences : []))
        .filter(({ startsAt, endsAt }) => startsAt < to && endsAt > from && endsAt > startsAt)
        .filter(({ startsAt, endsAt }) => startsAt >= from || endsAt > first)
        .map(({ startsAt }) => Math.max(startsAt, from))
      const answer = answers.length > 0 ? Math.min(...answers) : undefined
      const met = to - from <= respondWithin || (answer !== undefined && answer - from <= respondWithin)
      return `${fingerprint} ${from}-${to} answered ${answer} ${met ? 'met' : 'breached'}`
    })
    .toSorted()

const words = ({ fingerprint, startsAt, resolvedAt, acknowledgedAt, response }: Incident) =>
  `${fingerprint} ${startsAt}-${resolvedAt} answered ${acknowledgedAt} ${response}`

test.each([...Array(60).keys()])('However it is heard of, what happened is counted as it happened (%i)', (seed) => {
  const chance = dice(seed)
  const outages = history(chance)
  const book = emptyBook()
  const settled = new Map<string, string>()
  const put = (incident: Incident) => {
    book.put(incident)
    if (incident.settled) {
      expect(settled.has(incident.id), 'settled once').toBe(false)
      settled.set(incident.id, words(incident))
    }
  }
  const heard = events(outages, chance)
  for (const { at, alert } of heard) {
    if (alert) for (const one of recordable([alert], at, { critical: respondWithin })(book)) put(one)
    else {
      const sight = sightAt(at, outages, chance)
      for (const one of book.live()) {
        const next = seen(one, sight, settle)
        if (next !== one) put(next)
      }
    }
  }
  const expected = naive(outages, heard)
  expect([...settled.values()].toSorted()).toEqual(expected)
  const [tally] = book.tallies()
  const breached = expected.filter((one) => one.endsWith('breached')).length
  const answered = expected.filter((one) => !one.includes('undefined')).length
  expect(tally).toMatchObject({ incidents: expected.length, breached, met: expected.length - breached })
  expect(tally).toMatchObject({ acknowledge: { count: answered }, notify: { count: expected.length } })
  expect(tally?.resolve.count).toBe(expected.length)
})
