import { setMaxListeners } from 'node:events'

/** A request that guests make again and again. */
export interface Wish {
  readonly url: string | (() => string)
  readonly method?: 'GET' | 'POST'
  /** Sent as JSON. */
  readonly body?: object
  /** Milliseconds after which the guest gives up. */
  readonly patience?: number
}

const headers = { 'content-type': 'application/json' }

/** Asks once. Whatever comes of it is the guest's business. */
const ask = async ({ url, method = 'GET', body, patience }: Wish, home: AbortSignal) => {
  const leaving = new AbortController()
  const leave = () => leaving.abort()
  home.addEventListener('abort', leave, { once: true })
  const timer = patience === undefined ? undefined : setTimeout(leave, patience)
  const request = { method, signal: leaving.signal, ...(body && { body: JSON.stringify(body), headers }) }
  await fetch(typeof url === 'string' ? url : url(), request)
    .then((answer) => answer.arrayBuffer())
    .catch(() => undefined)
  clearTimeout(timer)
  home.removeEventListener('abort', leave)
}

export interface Traffic {
  /** No further request, and those under way are given up. */
  end(): void
}

/** Requests at a steady pace, whether or not those before are answered. */
const traffic = (perSecond: number, wish: Wish): Traffic => {
  const home = new AbortController()
  setMaxListeners(0, home.signal)
  const timer = setInterval(() => void ask(wish, home.signal), 1_000 / perSecond)
  return {
    end: () => {
      clearInterval(timer)
      home.abort()
    },
  }
}

/** Guests who come for as long as a fault lasts. */
export const during = (perSecond: number, wish: Wish) => {
  let guests: Traffic | undefined
  return {
    bring: async () => {
      guests = traffic(perSecond, wish)
    },
    end: async () => guests?.end(),
  }
}

/** So many requests at once, answered or not. */
export const crowd = (many: number, wish: Wish): Traffic => {
  const home = new AbortController()
  setMaxListeners(0, home.signal)
  for (let asked = 0; asked < many; asked += 1) void ask(wish, home.signal)
  return { end: () => home.abort() }
}

/** A request whose answer is waited for. */
export const tell = async (url: string, method: 'POST' | 'DELETE' = 'POST'): Promise<string> => {
  const answer = await fetch(url, { method })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${url} was answered ${answer.status}: ${text}`)
  return text
}
