import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** A process of ours that does as it is told, by messages. */
export interface Told {
  readonly child: ChildProcess
  /** Rejects when it is gone. */
  readonly gone: Promise<never>
}

/** Starts a bundle by node alone, so that nothing of tsx is measured. */
export const startTold = (bundle: string, args: readonly string[] = [], execArgv: readonly string[] = []): Told => {
  const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'test' }
  const child = fork(bundle, args, { execArgv: [...execArgv], env })
  const gone = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`a process of the proof ended: ${code ?? signal}`)
  })
  gone.catch(() => undefined)
  return { child, gone }
}

/** What it says next. @throws Error where it failed, or is gone */
export const said = async <Answer extends object>({ child, gone }: Told, order?: object): Promise<Answer> => {
  const answer = once(child, 'message')
  if (order) child.send(order)
  const [found]: (Answer | { readonly failed: string })[] = await Promise.race([answer, gone])
  if (!found || 'failed' in found) throw new Error(`a process of the proof failed: ${JSON.stringify(found)}`)
  return found
}

export const endTold = async ({ child, gone }: Told) => {
  if (child.connected) child.disconnect()
  await gone.catch(() => undefined)
}
