import type { Readable } from 'node:stream'
import { startProgram } from '../program.ts'
import type { DatabaseContents } from './manifest.ts'

interface Options {
  /** pg_restore. */
  readonly program: string
  readonly signal: AbortSignal
}

/** What pg_restore finds at the beginning of a dump, while the dump goes by. */
export interface TableOfContents {
  /** Lets everything through. */
  through(dump: AsyncIterable<Buffer>): AsyncGenerator<Buffer>
  /** @throws Error naming tables that were counted, and are not in it */
  holds(tables: DatabaseContents['tables']): Promise<void>
}

/**
 * Reads the table of contents of a dump by pg_restore itself, which is shown the dump until it has read it. After the
 * encryption nobody here could read it any more.
 */
export const readToc = ({ program, signal }: Options): TableOfContents => {
  const { stdin, stdout, ended } = startProgram([program, '--list'], { signal })
  const listed = text(stdout)
  listed.catch(() => undefined)
  let wants = true
  const enough = new Promise<void>((resolve) => {
    const leave = () => {
      wants = false
      resolve()
    }
    stdin.once('close', leave)
    stdin.once('error', leave)
    stdout.once('close', leave)
  })
  return {
    through: async function* (dump) {
      for await (const chunk of dump) {
        if (wants && !stdin.write(chunk)) {
          await Promise.race([new Promise((resolve) => stdin.once('drain', resolve)), enough])
        }
        yield chunk
      }
      stdin.end()
    },
    holds: async (tables) => {
      const lines = (await listed).split('\n')
      await ended
      const saved = new Set(lines.flatMap((line) => / TABLE DATA (.+) [^ ]+$/.exec(line)?.[1] ?? []))
      const absent = tables.map(({ schema, name }) => `${schema} ${name}`).filter((name) => !isIn(saved, lines, name))
      if (absent.length === 0) return
      throw new Error(`the dump does not hold the data of ${absent.length} tables: ${absent.slice(0, 5).join(', ')}`)
    },
  }
}

/** The name of the owner behind it may have blanks in it. */
const isIn = (saved: ReadonlySet<string>, lines: readonly string[], name: string) =>
  saved.has(name) || lines.some((line) => line.includes(` TABLE DATA ${name.replaceAll('\n', ' ')} `))

const text = async (stream: Readable) => {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
