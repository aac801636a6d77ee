import { randomInt, randomUUID } from 'node:crypto'
import { sitting, sittingHours } from '../../../../demo/sittings.ts'

/** What visitors do: look and book; look, and book by a form that asks for an address that there is not; nothing. */
type Manner = 'book' | 'astray' | 'away'

export interface Guests {
  become(manner: Manner): void
  end(): void
}

/** Milliseconds between two who look, and two who book: in half a minute over 60 and about 50. */
const [looks, books] = [250, 600]
/** As far as the demo's tables are booked at random. */
const daysAhead = 45

const wish = () => {
  const date = sitting(randomInt(1, daysAhead), randomInt(sittingHours.length)).toISOString()
  return { date, partySize: 2 }
}

/** The visitors of an API, until they end. */
export const guestsOf = (url: string): Guests => {
  let manner: Manner = 'book'
  // A visitor who gets no answer is gone, and the next comes.
  const visit = async (path: string, request: RequestInit = {}) => {
    await fetch(`${url}${path}`, { ...request, signal: AbortSignal.timeout(2_000) }).then(
      (answer) => answer.text(),
      () => undefined,
    )
  }
  const book = (path: string) =>
    visit(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...wish(), name: 'A guest', email: `${randomUUID()}@example.com` }),
    })
  const look = () => {
    const { date, partySize } = wish()
    return visit(`/tables?date=${encodeURIComponent(date)}&partySize=${partySize}`)
  }
  const timers = [
    setInterval(() => manner !== 'away' && void look(), looks),
    setInterval(() => manner !== 'away' && void book(manner === 'book' ? '/reservations' : '/reservation'), books),
  ]
  return {
    become: (next) => {
      manner = next
    },
    end: () => timers.forEach(clearInterval),
  }
}
