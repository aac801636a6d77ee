const kept = () => undefined

/**
 * Aborts with `signal`, and after so many milliseconds. `AbortSignal.any` alone loses its time: what it is made of is
 * collected as garbage, and whoever waits waits for ever (nodejs/node#57736). One that somebody listens to is kept.
 */
export const within = (milliseconds: number, signal: AbortSignal): AbortSignal => {
  const late = AbortSignal.timeout(milliseconds)
  late.addEventListener('abort', kept, { once: true })
  return AbortSignal.any([signal, late])
}
