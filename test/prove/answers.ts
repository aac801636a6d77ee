/** Finds where answers end in what a server sends, by their own headers: a client that asks by bare sockets needs to know. */
export interface Answers {
  /** A request was sent whose answer is to come; the answer to HEAD has no body. */
  expect(method: string): void
  take(chunk: Buffer): void
  /** Requests whose answer is not complete. */
  waiting(): number
}

export interface Answer {
  readonly status: number
  readonly body: string
  /** Whether the server takes nothing more on this connection. */
  readonly closes: boolean
}

/** The body at the beginning of a text, and what is behind it; undefined where it is not all there. */
type Body = { readonly body: string; readonly rest: string } | undefined

const sized = (text: string, size: number): Body =>
  text.length < size ? undefined : { body: text.slice(0, size), rest: text.slice(size) }

const chunked = (text: string): Body => {
  let body = ''
  let at = 0
  while (true) {
    const line = text.indexOf('\r\n', at)
    if (line < 0) return undefined
    const size = Number.parseInt(text.slice(at, line), 16)
    const next = line + 2 + size + 2
    if (text.length < next) return undefined
    if (size === 0) return { body, rest: text.slice(next) }
    body += text.slice(line + 2, next - 2)
    at = next
  }
}

const isLast = (head: string) => /^connection: *close/im.test(head)

const bodyOf = (head: string, method: string, status: number, text: string): Body => {
  if (method === 'HEAD' || status === 204 || status === 304) return { body: '', rest: text }
  const length = /^content-length: *(\d+)/im.exec(head)?.[1]
  if (length !== undefined) return sized(text, Number(length))
  if (/^transfer-encoding: *chunked/im.test(head)) return chunked(text)
  // It ends with its connection.
  return isLast(head) ? undefined : { body: '', rest: text }
}

/** Where the status stands in `HTTP/1.1 200 OK`. */
const statusAt = 9

export const answers = (onAnswer: (answer: Answer) => void): Answers => {
  const methods: string[] = []
  let text = ''
  const one = () => {
    const end = text.indexOf('\r\n\r\n')
    const method = methods[0]
    if (end < 0 || method === undefined) return false
    const head = text.slice(0, end)
    const status = Number(head.slice(statusAt, statusAt + 3))
    const isFinal = status >= 200
    const found = isFinal ? bodyOf(head, method, status, text.slice(end + 4)) : { body: '', rest: text.slice(end + 4) }
    if (!found) return false
    text = found.rest
    if (!isFinal) return true
    methods.shift()
    onAnswer({ status, body: found.body, closes: isLast(head) })
    return true
  }
  return {
    expect: (method) => void methods.push(method),
    take: (chunk) => {
      text += chunk.toString('latin1')
      while (one());
    },
    waiting: () => methods.length,
  }
}
