import type { Running } from '../../../compose/local/process.ts'

/** A process that can be killed, and started again where it was. */
export interface Mortal {
  readonly name: string
  /** As if the machine had lost it: kill -9. Resolves when it is gone. */
  kill(): Promise<void>
  /** Resolves when it serves again. */
  start(): Promise<void>
  end(): Promise<void>
}

export const mortal = async (launch: () => Promise<Running>): Promise<Mortal> => {
  let running = await launch()
  return {
    name: running.name,
    kill: async () => {
      process.kill(running.pid, 'SIGKILL')
      const { signal, message } = await running.exited
      if (signal !== 'SIGKILL') throw new Error(`it was to be killed: ${message}`)
    },
    start: async () => {
      running = await launch()
    },
    end: async () => void (await running.stop()),
  }
}
