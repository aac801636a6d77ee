/** Runs at most so many tasks at a time, in the order in which they came. */
export const queue = (atOnce: number) => {
  const waiting: (() => void)[] = []
  let running = 0
  const next = () => {
    while (running < atOnce) {
      const start = waiting.shift()
      if (!start) return
      running += 1
      start()
    }
  }
  /** A task whose signal is aborted while it waits is never begun. */
  return async <T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    await new Promise<void>((resolve, reject) => {
      const start = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        waiting.splice(waiting.indexOf(start), 1)
        reject(signal.reason)
      }
      if (signal.aborted) return reject(signal.reason)
      signal.addEventListener('abort', leave, { once: true })
      waiting.push(start)
      next()
    })
    try {
      return await task()
    } finally {
      running -= 1
      next()
    }
  }
}
