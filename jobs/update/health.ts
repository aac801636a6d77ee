import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { wordsOf } from '../../exporters/failure.ts'
import { waitHealthy } from '../restart/driver.ts'

const told = z.object({ version: z.string().optional() })

interface Wanted {
  readonly url: string
  /** Any of them will do: the version of package.json, the commit. Undefined where no version counts. */
  readonly versions: readonly string[] | undefined
  readonly minutes: number
  readonly signal: AbortSignal
  readonly progress: () => void
}

/** Milliseconds between two looks. */
const pause = 250

/**
 * Waits until the API is healthy, and what answers is the version that was brought: behind a restart the one before may
 * answer for a while.
 * @throws Error saying what it last saw, when the time is up
 */
export const healthyWith = async ({ url, versions, minutes, signal, progress }: Wanted): Promise<void> => {
  const late = AbortSignal.timeout(minutes * 60_000)
  const either = AbortSignal.any([signal, late])
  let seen = 'it never said that it is healthy'
  try {
    while (true) {
      await waitHealthy(url, either)
      progress()
      const version = versions && (await versionAt(url, either))
      if (version === undefined || versions?.includes(version)) return
      seen = `${url} tells of version ${version}, where ${versions?.[0]} was brought`
      await delay(pause, undefined, { signal: either })
    }
  } catch (cause) {
    signal.throwIfAborted()
    const after = late.aborted ? `not healthy within ${minutes} minutes: ${seen}` : `not healthy: ${wordsOf(cause)}`
    throw new Error(`the API is ${after}`, { cause })
  }
}

/** Undefined where it tells none. */
const versionAt = async (url: string, signal: AbortSignal): Promise<string | undefined> => {
  const answer = await fetch(url, { signal, redirect: 'error' })
  const text = await answer.text()
  try {
    return told.parse(JSON.parse(text)).version || undefined
  } catch {
    return undefined
  }
}
