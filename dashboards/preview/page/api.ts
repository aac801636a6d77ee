import type { DashboardJson, Site } from './model.ts'
import { queue } from './queue.ts'
import type { Answer, Labels } from './results.ts'
import type { TimeRange } from './times.ts'

/** Longer than the server waits for Prometheus, which then says more than a timeout here could. */
const patience = 35_000
/** As many as a browser opens to one host: more would wait in it, out of our order. */
const slot = queue(6)

/** What went wrong with a question, in words for the panel that asked. */
export interface QueryFault {
  readonly kind: 'query fault'
  readonly message: string
}

interface Reply<T> {
  readonly status?: string
  readonly data?: T
  readonly error?: string
  readonly warnings?: readonly string[]
}

export interface Told<T> {
  readonly data: T
  readonly warnings: readonly string[]
}

export const queryFault = (message: string): QueryFault => ({ kind: 'query fault', message })

export const isQueryFault = (value: unknown): value is QueryFault =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'query fault'

const send = async (url: string, init: RequestInit, signal: AbortSignal): Promise<Response> => {
  const timeout = AbortSignal.timeout(patience)
  const ask = () => fetch(url, { ...init, signal: AbortSignal.any([signal, timeout]) })
  try {
    return await ask().catch((error) => {
      if (signal.aborted || timeout.aborted) throw error
      // Once more: a browser cuts every connection when a cable is pulled or a container starts, even those to here.
      return ask()
    })
  } catch {
    signal.throwIfAborted()
    if (timeout.aborted) throw queryFault(`No answer within ${patience / 1000} s.`)
    throw queryFault('The preview itself does not answer: start it again with npm run preview.')
  }
}

const read = async <T>(response: Response): Promise<T> => {
  try {
    const body: T = JSON.parse(await response.text())
    return body
  } catch (cause) {
    // Superseded while the answer was under way: nobody waits for these words.
    if (cause instanceof DOMException) throw cause
    throw queryFault(`The preview answered ${response.status} with something that is no JSON.`)
  }
}

/** Asks Prometheus. Fails with a QueryFault, or as the signal is aborted. */
const ask = async <T>(
  path: string,
  parameters: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Told<T>> =>
  slot(async () => {
    // By POST: an expression may be longer than an address may be.
    const body = new URLSearchParams(parameters)
    const init = path.startsWith('label/') ? {} : { method: 'POST', body }
    const url = `/prometheus/api/v1/${path}${path.startsWith('label/') ? `?${body}` : ''}`
    const response = await send(url, init, signal)
    const { status, data, error, warnings = [] } = await read<Reply<T>>(response)
    if (response.ok && status === 'success' && data !== undefined) return { data, warnings }
    throw queryFault(error ?? `Prometheus answered ${response.status}.`)
  }, signal)

const seconds = (milliseconds: number) => String(milliseconds / 1000)

export const queryRange = (query: string, { from, to }: TimeRange, step: number, signal: AbortSignal) =>
  ask<Answer>('query_range', { query, start: seconds(from), end: seconds(to), step: seconds(step) }, signal)

export const queryAt = (query: string, time: number, signal: AbortSignal) =>
  ask<Answer>('query', { query, time: seconds(time) }, signal)

const period = ({ from, to }: TimeRange) => ({ start: seconds(from), end: seconds(to) })

export const labelValues = (label: string, matcher: string | undefined, range: TimeRange, signal: AbortSignal) =>
  ask<readonly string[]>(
    `label/${encodeURIComponent(label)}/values`,
    { ...period(range), ...(matcher && { 'match[]': matcher }) },
    signal,
  )

export const labelNames = (matcher: string | undefined, range: TimeRange, signal: AbortSignal) =>
  ask<readonly string[]>('labels', { ...period(range), ...(matcher && { 'match[]': matcher }) }, signal)

export const seriesOf = (matcher: string, range: TimeRange, signal: AbortSignal) =>
  ask<readonly Labels[]>('series', { ...period(range), 'match[]': matcher }, signal)

/** What Prometheus keeps of single requests, by the series that counted them. */
export interface ExemplarAnswer {
  readonly seriesLabels: Labels
  readonly exemplars: readonly { readonly labels: Labels; readonly value: string; readonly timestamp: number }[]
}

export const exemplarsOf = (query: string, range: TimeRange, signal: AbortSignal) =>
  ask<readonly ExemplarAnswer[]>('query_exemplars', { query, ...period(range) }, signal)

const get = async <T>(url: string): Promise<T | undefined> => {
  const response = await send(url, {}, new AbortController().signal)
  return response.ok ? read<T>(response) : undefined
}

export const fetchSite = async (): Promise<Site> => {
  const site = await get<Site>('/api/dashboards')
  if (!site) throw new Error('could not read the list of dashboards')
  return site
}

/** Undefined where there is none of that uid. */
export const fetchDashboard = (uid: string) => get<DashboardJson>(`/api/dashboards/${encodeURIComponent(uid)}`)
