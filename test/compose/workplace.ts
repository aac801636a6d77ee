import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../compose/local/run.ts'

/** Of bytes: what packages, images, what is built and every volume take at most, and what of memory is to be left. */
const size = 8 * 1024 ** 3
const left = 4 * 1024 ** 3

/** Bytes of memory that could be had; 0 where nothing tells. */
const available = () => {
  try {
    const [, kilobytes = '0'] = /^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8')) ?? []
    return Number(kilobytes) * 1_024
  } catch {
    return 0
  }
}

/** A folder that is gone at the end. In memory where there is enough of it: to write and to remove images takes long on a disk. */
export const openWorkplace = async () => {
  // A socket has a short path.
  const folder = mkdtempSync(join(tmpdir(), 'boot-'))
  const roomy = process.getuid?.() === 0 && available() > size + left
  const mount = ['mount', '-t', 'tmpfs', '-o', `size=${size},mode=700`, 'boot', folder]
  const mounted = roomy && (await run(mount)).code === 0
  return {
    folder,
    end: async () => {
      if (mounted) await run(['umount', '--lazy', folder])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
