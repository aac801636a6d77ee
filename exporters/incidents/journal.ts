import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { ownMode as mode, syncFolder, writeAll } from '../replace-file.ts'

/** A file that lines are added to, each addition whole or not at all. */
export interface Journal {
  /**
   * Resolves once the text is on the disk.
   * @throws Error as the system words it; nothing is added then
   */
  append(text: string): Promise<void>
  /**
   * Resolves where there is room for as much as was to be added last, and takes none.
   * @throws Error as the system words it
   */
  probe(): Promise<void>
  close(): Promise<void>
}

/**
 * @param length bytes of the file that hold good; what stands behind them is cut off
 */
export const openJournal = async (file: string, length: number): Promise<Journal> => {
  const handle = await open(file, constants.O_RDWR | constants.O_CREAT, mode)
  await handle.chmod(mode)
  let good = length
  // What a failed addition has left behind is cut off before the next.
  let clean = false
  /** Bytes. */
  let wanted = 1
  const cut = async () => {
    await handle.truncate(good)
    await handle.sync()
    clean = true
  }
  const write = async (bytes: Buffer) => {
    if (!clean) await cut()
    clean = false
    wanted = bytes.length
    await writeAll(handle, bytes, good)
    await handle.sync()
  }
  await cut()
  await syncFolder(file)
  return {
    append: async (text) => {
      const bytes = Buffer.from(text)
      await write(bytes)
      good += bytes.length
      clean = true
    },
    probe: async () => {
      // No whole line: should this be the last that is done, the next start cuts it off.
      await write(Buffer.alloc(wanted, ' '))
      await cut()
    },
    close: () => handle.close(),
  }
}
