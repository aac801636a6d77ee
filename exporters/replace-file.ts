import { type FileHandle, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Others are not to read what alerts and jobs say. */
export const ownMode = 0o600

interface Options {
  readonly mode?: number
  /** Where it is written first: a name of one's own, where somebody else may replace the same file at the same time. */
  readonly fresh?: string
}

/**
 * Puts a new content in the place of the old at once: whoever dies in between leaves one or the other. It is for good once
 * the folder is synchronised as well.
 * @throws Error as the system words it; the old content stays
 */
export const replaceFile = async (file: string, text: string, options: Options = {}): Promise<void> => {
  const { mode = ownMode, fresh = `${file}.new` } = options
  const handle = await open(fresh, 'w', mode)
  try {
    await handle.chmod(mode)
    await writeAll(handle, Buffer.from(text), 0)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(fresh, file)
}

export const writeAll = async (handle: FileHandle, bytes: Buffer, from: number) => {
  let written = 0
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, from + written)
    if (bytesWritten === 0) throw new Error('the disk took nothing')
    written += bytesWritten
  }
}

/** Or a file that was made just now may be gone with the power. */
export const syncFolder = async (file: string) => {
  const folder = await open(dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
