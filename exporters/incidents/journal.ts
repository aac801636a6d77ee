import { constants } from 'node:fs'
import { type FileHandle, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

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

/** Others are not to read what alerts say. */
const mode = 0o600

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

/** Puts a new content in the place of the old at once: whoever dies in between leaves one or the other. */
export const replaceFile = async (file: string, text: string): Promise<void> => {
  const fresh = `${file}.new`
  const handle = await open(fresh, 'w', mode)
  try {
    await handle.chmod(mode)
    await writeAll(handle, Buffer.from(text), 0)
    await handle.sync()
  } finally {
    await handle.close()
  }
  // For good once the journal that is opened next has seen to its folder.
  await rename(fresh, file)
}

const writeAll = async (handle: FileHandle, bytes: Buffer, from: number) => {
  let written = 0
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, from + written)
    if (bytesWritten === 0) throw new Error('the disk took nothing')
    written += bytesWritten
  }
}

/** Or a file that was made just now may be gone with the power. */
const syncFolder = async (file: string) => {
  const folder = await open(dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
