import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../../compose/local/run.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const compiler = join(root, 'node_modules/typescript/bin/tsc')

/** A line of the compiler's: the file it is about, and what it says. */
export interface Fault {
  readonly file: string
  readonly line: number
  readonly message: string
}

/** Parts of the checkout in a folder of their own, where they can be broken, with the packages of the original. */
export const copyTo = (folder: string, ...parts: readonly string[]) => {
  for (const part of [...parts, 'tsconfig.json', 'package.json']) {
    cpSync(join(root, part), join(folder, part), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** A copy that tests may change and compile. */
export const checkout = (...parts: readonly string[]) => {
  const folder = copyTo(mkdtempSync(join(tmpdir(), 'checkout-')), ...parts)
  mkdirSync(join(folder, 'made'))
  return {
    folder,
    /** What does not compile. */
    faults: async (...args: readonly string[]): Promise<readonly Fault[]> => {
      const { code, output } = await run([process.execPath, compiler, ...args], { cwd: folder })
      const found = [...output.matchAll(/^(\S+?)\((\d+),\d+\): error \w+: (.*)$/gm)]
      if (code !== 0 && found.length === 0) throw new Error(`the compiler failed:\n${output}`)
      return found.map(([, file = '', line, message = '']) => ({ file, line: Number(line), message }))
    },
    end: () => rmSync(folder, { recursive: true, force: true }),
  }
}
