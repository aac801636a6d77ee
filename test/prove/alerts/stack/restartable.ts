import type { Running } from '../../../../compose/local/process.ts'
import type { workshop } from '../../../integration/servers.ts'

/** A program that is ended and started again where it was. */
export interface Restartable {
  pid(): number
  kill(): Promise<void>
  /** @param args flags that it has this time */
  start(args?: readonly string[]): Promise<void>
}

export const restartable = async (
  shop: ReturnType<typeof workshop>,
  launch: (args: readonly string[]) => Promise<Running>,
): Promise<Restartable> => {
  const begin = async (args: readonly string[] = []) => shop.keep(await launch(args))
  let running = await begin()
  return {
    pid: () => running.pid,
    kill: async () => {
      process.kill(running.pid, 'SIGKILL')
      await running.exited
    },
    start: async (args) => {
      running = await begin(args)
    },
  }
}
