import { connect } from 'node:net'
import { isCode, wordsOf } from '../../exporters/failure.ts'

interface Options {
  readonly ports: readonly number[]
  /** Milliseconds until a port that says nothing counts as shut. */
  readonly patience: number
  readonly signal: AbortSignal
}

/** At once, on one host: as a browser does, and not as an attack. */
const atOnce = 6

/**
 * Tries to connect, and says nothing where it can.
 * @returns the ports that are open
 * @throws Error where the host has no address, or answers on no port at all, not even with a refusal
 */
export const openPorts = async (host: string, { ports, patience, signal }: Options): Promise<readonly number[]> => {
  const waiting = [...ports]
  const answers = new Map<number, Answer>()
  const work = async () => {
    for (let port = waiting.shift(); port !== undefined; port = waiting.shift()) {
      signal.throwIfAborted()
      answers.set(port, await knock(host, port, patience, signal))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  if (ports.length > 0 && [...answers.values()].every((answer) => answer === 'silent')) {
    throw new Error(
      `it answered on none of ${ports.length} ports, not even with a refusal: it may be down, or something on the way shuts them`,
    )
  }
  return ports.filter((port) => answers.get(port) === 'open')
}

type Answer = 'open' | 'shut' | 'silent'

const knock = (host: string, port: number, patience: number, signal: AbortSignal) =>
  new Promise<Answer>((resolve, reject) => {
    const socket = connect({ host, port, signal })
    socket.setTimeout(patience)
    const end = (answer: Answer) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end('open'))
    socket.once('timeout', () => end('silent'))
    socket.once('error', (cause) => {
      if (isCode(cause, 'ECONNREFUSED')) end('shut')
      else if (signal.aborted || isCode(cause, 'ENOTFOUND') || isCode(cause, 'EAI_AGAIN'))
        reject(new Error(wordsOf(cause), { cause }))
      else end('silent')
    })
  })
