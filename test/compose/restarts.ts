import { assertKept, sizes, whatIsKept } from './kept.ts'
import { lasting, type Stand, wellAgain } from './stand.ts'

/** Restarts each container in turn, and looks each time whether everything that was kept is there. */
export const restartEach = async (stand: Stand, say: (line: string) => void): Promise<string> => {
  const kept = await whatIsKept(stand)
  for (const service of lasting) {
    const began = Date.now()
    await stand.compose('restart', service)
    await wellAgain(stand)
    await assertKept(kept)
    say(`${service} restarted, and all is there after ${((Date.now() - began) / 1_000).toFixed(1)} s`)
  }
  return `${lasting.length} restarts, one at a time; nothing lost of ${sizes(kept)}`
}
