import { setTimeout as delay } from 'node:timers/promises'

/** What Prometheus says of one target. */
export interface TargetState {
  readonly job: string
  readonly instance: string
  readonly health: 'up' | 'down' | 'unknown'
  /** Why the last scrape failed; empty where it did not. */
  readonly error: string
}

interface Targets {
  readonly data: {
    readonly activeTargets: readonly {
      readonly labels: Readonly<Record<string, string>>
      readonly health: TargetState['health']
      readonly lastError: string
    }[]
  }
}
interface Rules {
  readonly data: {
    readonly groups: readonly {
      /** Seconds. */
      readonly interval: number
      readonly rules: readonly { readonly name: string; readonly health: string; readonly lastError?: string }[]
    }[]
  }
}

const ask = async <Answer>(url: string): Promise<Answer> => {
  const answer = await fetch(url, { signal: AbortSignal.timeout(5000) })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
  const body: Answer = JSON.parse(await answer.text())
  return body
}

export const targetStates = async (prometheus: string): Promise<readonly TargetState[]> => {
  const { data } = await ask<Targets>(`${prometheus}/api/v1/targets?state=active`)
  return data.activeTargets.map(({ labels, health, lastError }) => ({
    job: labels.job ?? '',
    instance: labels.instance ?? '',
    health,
    error: lastError,
  }))
}

/** A group that is evaluated less often than this has its first turn when nobody waits for it any more. */
const soon = 30

/** Rules that failed, as `name: error`, and those not evaluated yet and soon to be, as `name: not evaluated yet`. */
export const ruleFaults = async (evaluating: string): Promise<readonly string[]> => {
  const { data } = await ask<Rules>(`${evaluating}/api/v1/rules`)
  if (data.groups.length === 0) return [`there is no rule at ${evaluating}`]
  return data.groups
    .flatMap(({ interval, rules }) => rules.filter(({ health }) => interval <= soon || health !== 'unknown'))
    .filter(({ health }) => health !== 'ok')
    .map(({ name, lastError }) => `${name}: ${lastError || 'not evaluated yet'}`)
}

interface Waiting {
  /** Milliseconds. */
  readonly within: number
  readonly signal: AbortSignal
  /** Who evaluates the rules, where it is not that Prometheus. */
  readonly evaluating?: string | undefined
}

/** Waits until every target was scraped well and every rule evaluated, or until the deadline; returns what is still amiss. */
export const settle = async (prometheus: string, { within, signal, evaluating = prometheus }: Waiting) => {
  const deadline = Date.now() + within
  while (true) {
    const states = await targetStates(prometheus)
    const faults = await ruleFaults(evaluating)
    const down = states.filter(({ health }) => health !== 'up')
    const settled = states.length > 0 && down.length === 0 && faults.length === 0
    if (settled || Date.now() > deadline) return { states, faults }
    await delay(500, undefined, { signal })
  }
}
