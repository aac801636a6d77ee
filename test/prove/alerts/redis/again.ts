import { setTimeout as delay } from 'node:timers/promises'

/** Something that goes on until it is ended. What is answered does not matter: to be refused may be the fault. */
export const again = (milliseconds: number, act: () => Promise<unknown>) => {
  let going = false
  let ended: Promise<void> = Promise.resolve()
  const goOn = async () => {
    while (going) {
      await Promise.allSettled([act()])
      await delay(milliseconds)
    }
  }
  return {
    begin: async () => {
      going = true
      ended = goOn()
    },
    end: () => {
      going = false
      return ended
    },
  }
}
