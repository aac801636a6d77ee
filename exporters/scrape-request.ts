import type { ServerResponse } from 'node:http'

/** What Prometheus waits for at most when it does not say: its own default of 10 s. */
const usualTimeout = 10
/** For those who wait longer than they said. */
const grace = 1000
/** Nobody waits longer, and a timer of Node's takes at most 24 days. */
const longestTimeout = 3600

/** Milliseconds that whoever scrapes waits for an answer, by the header in which Prometheus says so. */
export const timeoutOf = (asked: string | string[] | undefined): number => {
  const seconds = Number(asked)
  return 1000 * (seconds > 0 ? Math.min(seconds, longestTimeout) : usualTimeout)
}

/** An answer that nobody takes would be held for ever: who asked has long given up. */
export const limitTo = (response: Pick<ServerResponse, 'destroy' | 'once'>, timeout: number) => {
  const timer = setTimeout(() => response.destroy(), timeout + grace)
  timer.unref()
  response.once('close', () => clearTimeout(timer))
}

/** A weight of 0 is a refusal. */
export const acceptsGzip = (header: string | string[] | undefined): boolean =>
  [header]
    .flat()
    .join()
    .split(',')
    .map((coding) =>
      coding
        .trim()
        .toLowerCase()
        .split(/\s*;\s*q=/),
    )
    .some(([coding, weight]) => coding === 'gzip' && Number(weight ?? 1) > 0)
