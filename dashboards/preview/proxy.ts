/** Where Prometheus answers, with what it wants to be asked with. */
export interface Upstream {
  /** Without credentials: this is shown to people. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds that a query may take. */
  readonly timeout: number
  /** Bytes that an answer may have. */
  readonly largest: number
}

export interface Proxied {
  readonly status: number
  readonly body: string
}

type Method = 'GET' | 'POST'

/** What only reads, and what the page needs. Everything else of Prometheus' API stays out of reach. */
const allowed = {
  GET: /^(?:query|query_range|query_exemplars|series|labels|label\/[a-zA-Z_][a-zA-Z0-9_]*\/values)$/,
  POST: /^(?:query|query_range|query_exemplars|series|labels)$/,
} as const satisfies Readonly<Record<Method, RegExp>>

/** `path` as it was sent: decoded, a slash within a name would pass for one between names. */
export const isAllowed = (path: string, method: Method): boolean => allowed[method].test(path)

/** A URL may carry a login, which goes into a header: it belongs in no message and on no page. */
export const upstream = (given: string, { timeout = 30_000, largest = 32 * 1024 ** 2 } = {}): Upstream => {
  const url = new URL(given)
  const login = url.username ? `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` : ''
  return {
    url: `${url.origin}${url.pathname}`.replace(/\/$/, ''),
    headers: login ? { authorization: `Basic ${Buffer.from(login).toString('base64')}` } : {},
    timeout,
    largest,
  }
}

/** As Prometheus itself writes its faults, so that the page reads one form. */
export const faultBody = (errorType: string, error: string): string =>
  JSON.stringify({ status: 'error', errorType, error })

const failed = (status: number, errorType: string, error: string): Proxied => ({
  status,
  body: faultBody(errorType, error),
})

const megabytes = (bytes: number) => `${Math.floor(bytes / 1024 ** 2)} MB`

/** Undefined where the answer is larger than that; what follows is then not read. */
const readAtMost = async (response: Response, largest: number): Promise<string | undefined> => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > largest) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

const isJson = (response: Response) => /\bjson\b/.test(response.headers.get('content-type') ?? '')

const causeOf = (error: unknown): string => {
  const cause = error instanceof Error ? error.cause : undefined
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : undefined
  return code ?? (error instanceof Error ? error.message : String(error))
}

/** Undefined where a URL means something else than it says: our login goes to nothing that we did not mean to ask. */
const addressOf = (base: string, path: string): URL | undefined => {
  const address = new URL(`${base}/api/v1/${path}`)
  const expected = `${new URL(base).pathname.replace(/\/$/, '')}/api/v1/${path}`
  return address.pathname === expected && !address.hash && !address.search ? address : undefined
}

export const refused = (path: string): Proxied => failed(403, 'forbidden', `The preview does not pass on ${path}.`)

interface Question {
  readonly path: string
  /** Parameters as a form writes them. */
  readonly form: string
  readonly method: Method
  /** Aborted when whoever asked is gone: Prometheus then stops as well. */
  readonly signal: AbortSignal
}

/** Passes a question on, and Prometheus' own words back; what keeps it from answering is told in words for people. */
export const ask = async (prometheus: Upstream, { path, form, method, signal }: Question): Promise<Proxied> => {
  const { url, headers, timeout, largest } = prometheus
  const address = isAllowed(path, method) ? addressOf(url, path) : undefined
  if (!address) return refused(path)
  const timer = AbortSignal.timeout(timeout)
  const post = method === 'POST'
  // Set, and not written behind the path: a # in it is then a part of the question.
  if (!post) address.search = form
  try {
    const response = await fetch(address, {
      method,
      headers: { ...headers, ...(post && { 'content-type': 'application/x-www-form-urlencoded' }) },
      ...(post && { body: form }),
      redirect: 'error',
      signal: AbortSignal.any([timer, signal]),
    })
    const body = await readAtMost(response, largest)
    if (body === undefined) {
      return failed(
        502,
        'too_large',
        `The answer is larger than ${megabytes(largest)}: ask for less, or for a shorter time.`,
      )
    }
    if (isJson(response)) return { status: response.status, body }
    const hint =
      response.status === 401 || response.status === 403 ? 'put a login into PROMETHEUS_URL' : 'check PROMETHEUS_URL'
    return failed(502, 'unreachable', `${url} answered ${response.status} and no JSON: ${hint}.`)
  } catch (error) {
    if (timer.aborted) return failed(504, 'timeout', `Prometheus at ${url} did not answer within ${timeout / 1000} s.`)
    const how = `start it (npm start), or point PROMETHEUS_URL to one that runs`
    return failed(502, 'unreachable', `Prometheus at ${url} cannot be reached (${causeOf(error)}): ${how}.`)
  }
}
