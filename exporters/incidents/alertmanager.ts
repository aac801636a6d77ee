import type { Sight } from './incident.ts'
import { readActiveAlerts, readSilences, readStatus } from './shapes.ts'

/** Milliseconds for all answers together. */
const patience = 5_000

/**
 * Asks Alertmanager once for all there is to know.
 * @throws Error naming the address that did not answer, or not as Alertmanager does
 */
export const look = async (base: string): Promise<Sight> => {
  const askedAt = Date.now()
  const signal = AbortSignal.timeout(patience)
  const ask = async <T>(path: string, read: (body: string) => { readonly value: T } | { readonly fault: string }) => {
    const { url, headers } = addressOf(base, path)
    const answered = read(await bodyOf(url, headers, signal))
    if ('fault' in answered) throw new Error(`${url} did not answer as Alertmanager does (${answered.fault})`)
    return answered.value
  }
  const [{ uptime }, alerts, silences] = await Promise.all([
    ask('status', readStatus),
    ask('alerts?active=true&silenced=true&inhibited=true&unprocessed=true', readActiveAlerts),
    ask('silences', readSilences),
  ])
  const active = new Map(alerts.map(({ fingerprint, labels, updatedAt }) => [fingerprint, { labels, updatedAt }]))
  return { askedAt, upSince: uptime, active, silences }
}

/** A user and a password in the URL go by header, and stay out of what is logged. */
const addressOf = (base: string, path: string) => {
  const url = new URL(base)
  const { username, password } = url
  const proof = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  return {
    url: `${url.origin}${url.pathname.replace(/\/+$/, '')}/api/v2/${path}`,
    headers: username === '' ? {} : { authorization: `Basic ${proof}` },
  }
}

const bodyOf = async (url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal) => {
  const { response, body } = await answerOf(url, headers, signal).catch((failure: unknown) => {
    throw new Error(`${url} did not answer (${reasonOf(failure)})`, { cause: failure })
  })
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${body.slice(0, 200).replace(/\s+/g, ' ')}`)
  return body
}

const answerOf = async (url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal) => {
  const response = await fetch(url, { headers, signal, redirect: 'error' })
  return { response, body: await response.text() }
}

/** Node says no more than that it failed, and why in the cause. */
const reasonOf = (failure: unknown) => {
  if (!(failure instanceof Error)) return String(failure)
  if (failure.name === 'TimeoutError') return `not within ${patience} ms`
  return failure.cause instanceof Error ? failure.cause.message || failure.cause.name : failure.message
}
