/** One scrape: how long anything else in the process that was scraped had to wait at most, and how long all took, in milliseconds. */
export interface Render {
  readonly what: string
  /** Whether it is the first that its process answers: nothing is compiled yet, and the heap has never grown so far. */
  readonly cold: boolean
  readonly block: number
  readonly milliseconds: number
  readonly lines: number
  readonly bytes: number
}

/** How a process is filled that is scraped. */
export type Shape = 'nothing' | 'counters' | 'histograms'

/** Lines of one series of a histogram: its buckets, sum and count. */
export const histogramLines = 14
export const labelNames = ['method', 'route', 'status_code'] as const

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const statuses = ['200', '201', '404', '409', '500']

/** Labels of that many series. */
export function* labelSets(count: number) {
  for (let place = 0; place < count; place += 1) {
    const method = methods[place % methods.length] ?? ''
    const status_code = statuses[Math.floor(place / methods.length) % statuses.length] ?? ''
    const route = `/restaurants/:id/reservations/${Math.floor(place / (methods.length * statuses.length))}`
    yield { method, route, status_code }
  }
}

/** What the process that scrapes says to the one that it scrapes, and is answered. */
export type Order = 'watch' | 'tell'
export type Told = { readonly port: number } | { readonly watching: true } | { readonly block: number }

/** A chain of timers of 1 ms tells what is longest from one to the next. */
const watchTurns = () => {
  let longest = 0
  let last = performance.now()
  let timer: NodeJS.Timeout | undefined
  const look = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    timer = setTimeout(look, 1)
  }
  look()
  return () => {
    look()
    clearTimeout(timer)
    return longest
  }
}

/** Says on which port it is scraped, and watches its event loop whenever it is told to. */
export const standFor = (port: number) => {
  const say = (told: Told) => process.send?.(told)
  let end = () => 0
  process.on('message', (order: Order) => {
    if (order === 'tell') return say({ block: end() })
    end = watchTurns()
    return say({ watching: true })
  })
  process.once('disconnect', () => process.exit())
  say({ port })
}
