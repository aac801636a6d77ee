import { join } from 'node:path'
import { startProcess } from '../../../compose/local/process.ts'
import type { workshop } from '../../integration/servers.ts'
import type { RecorderSettings } from './recorder-child.ts'

type Shop = ReturnType<typeof workshop>

/** A recorder that is killed, or ended, and started again. */
export interface Recorder {
  readonly url: string
  readonly kills: number
  readonly ends: number
  /** Milliseconds for which it was away at a stretch. */
  readonly longestAway: number
  /** SIGKILL, or SIGTERM; and again after so many milliseconds. Resolves when it serves again. */
  restart(signal: 'SIGKILL' | 'SIGTERM', after: number): Promise<void>
}

/** @param bundle of `recorder-child.ts` */
export const openRecorder = async (
  shop: Shop,
  home: string,
  bundle: string,
  settings: RecorderSettings,
): Promise<Recorder> => {
  const url = `http://127.0.0.1:${settings.port}`
  const start = async () =>
    shop.keep(
      await startProcess({
        name: 'the recorder',
        home: join(home, 'recorder'),
        command: process.execPath,
        args: [bundle, JSON.stringify(settings)],
        ready: async () => (await fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000) })).ok,
      }),
    )
  let running = await start()
  let [kills, ends, longestAway] = [0, 0, 0]
  return {
    url,
    get kills() {
      return kills
    },
    get ends() {
      return ends
    },
    get longestAway() {
      return longestAway
    },
    restart: async (signal, after) => {
      const since = Date.now()
      process.kill(running.pid, signal)
      await running.exited
      if (signal === 'SIGKILL') kills += 1
      else ends += 1
      await new Promise((passed) => setTimeout(passed, after))
      running = await start()
      longestAway = Math.max(longestAway, Date.now() - since)
    },
  }
}
