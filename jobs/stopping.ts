/** A Ctrl-C comes twice where npm, which gets it as well, passes it on. Milliseconds. */
const same = 1_000

/**
 * Aborts at the first signal to end. At a second one whoever sent it is in a hurry: the process ends at once, and a run that
 * was under way leaves a record all the same.
 */
export const stopping = (): AbortSignal => {
  const controller = new AbortController()
  let since = Number.POSITIVE_INFINITY
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (performance.now() - since > same) process.exit(1)
      since = Math.min(since, performance.now())
      controller.abort(new Error(`stopped by ${signal}`))
    })
  }
  return controller.signal
}
