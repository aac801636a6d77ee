/** Runs rounds one after the other: a new one ends the one before, and the next is counted from the end of the last. */
export const refresher = (round: (signal: AbortSignal) => Promise<void>, ended: () => void) => {
  let current = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  let interval: number | undefined
  const wait = () => {
    clearTimeout(timer)
    if (interval !== undefined) timer = setTimeout(due, interval)
  }
  const due = () => {
    if (!document.hidden) return run()
    // Nobody looks: the round is made up for when somebody does.
    document.addEventListener('visibilitychange', due, { once: true })
    return Promise.resolve()
  }
  const run = async () => {
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', due)
    current.abort()
    const mine = new AbortController()
    current = mine
    try {
      await round(mine.signal)
    } catch (error) {
      if (!mine.signal.aborted) throw error
    }
    if (mine.signal.aborted) return
    ended()
    wait()
  }
  return {
    run,
    /** In milliseconds; undefined for not by itself. */
    every: (milliseconds: number | undefined) => {
      interval = milliseconds
      wait()
    },
  }
}
