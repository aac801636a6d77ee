import { fork } from 'node:child_process'
import { once } from 'node:events'

/** A server that is to be asked for so long. */
export interface Order {
  readonly port: number
  readonly pid: number
  readonly milliseconds: number
  /** Each has one request under way at a time. */
  readonly connections: number
}

/** What came of it. */
export interface Slice {
  /** Answered within `milliseconds`. */
  readonly requests: number
  /** Answered at all: those that told how long an answer is included. */
  readonly sent: number
  /** From the first request to the last answer. */
  readonly milliseconds: number
  /** Milliseconds of processor time meanwhile. */
  readonly cpu: number
  readonly clientCpu: number
}

/** The process that asks: it would take the server's time if it were ours. */
export const startClient = (bundle: string) => {
  const child = fork(bundle, { execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } })
  const gone = once(child, 'exit').then(([code]) => {
    throw new Error(`the client of the bench ended with exit code ${code}`)
  })
  gone.catch(() => undefined)
  return {
    /** @throws Error for an answer that is no success, or is longer than the first of its kind */
    run: async (order: Order): Promise<Slice> => {
      const answer = once(child, 'message')
      child.send(order)
      const [found]: (Slice | { readonly failed: string })[] = await Promise.race([answer, gone])
      if (!found) throw new Error('the client of the bench said nothing')
      if ('failed' in found) throw new Error(`could not ask the server: ${found.failed}`)
      return found
    },
    end: () => {
      if (child.connected) child.disconnect()
    },
  }
}
