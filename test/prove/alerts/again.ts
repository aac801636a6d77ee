import { setTimeout as delay } from 'node:timers/promises'

interface Repeating {
  /** To be refused may be the fault; else what fails is told by `end`, and nothing is done any more. */
  readonly mayFail?: boolean
}

/** Something that goes on until it is ended. */
export const again = (milliseconds: number, act: () => Promise<unknown>, { mayFail = false }: Repeating = {}) => {
  let going = false
  let ended: Promise<void> = Promise.resolve()
  const goOn = async () => {
    while (going) {
      if (mayFail) await Promise.allSettled([act()])
      else await act()
      await delay(milliseconds)
    }
  }
  return {
    begin: async () => {
      going = true
      ended = goOn()
      // Told when it is ended, and not as one that nobody handles.
      ended.catch(() => undefined)
    },
    end: () => {
      going = false
      return ended
    },
  }
}
