import { setTimeout as delay } from 'node:timers/promises'

type Labels = Readonly<Record<string, string>>

/** An alert that fired, as Prometheus told it. */
export interface Seen {
  readonly labels: Labels
  /** Milliseconds since 1970: when it was first and last seen to fire. */
  readonly from: number
  readonly until: number
}

/** That one alert held back another. */
export interface Held {
  readonly target: Labels
  readonly source: Labels
}

export interface Watched {
  /** What has fired so far, the first one first. */
  seen(): readonly Seen[]
  held(): readonly Held[]
  end(): Promise<void>
}

interface Active {
  readonly labels: Labels
  readonly fingerprint: string
  readonly status: { readonly inhibitedBy: readonly string[] }
}

const every = 2_000

const read = async (url: string) => {
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
  return JSON.parse(await answer.text())
}

export const keyOf = (labels: Labels) =>
  JSON.stringify(Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1)))

/** Looks again and again at what fires in Prometheus, and at what Alertmanager holds back because of what. */
export const watchAlerts = (prometheus: string, alertmanager: string): Watched => {
  const seen = new Map<string, Seen>()
  const held = new Map<string, Held>()
  const look = async () => {
    const now = Date.now()
    const { data }: { data: { alerts: readonly { readonly labels: Labels; readonly state: string }[] } } = await read(
      `${prometheus}/api/v1/alerts`,
    )
    for (const { labels } of data.alerts.filter(({ state }) => state === 'firing')) {
      const key = keyOf(labels)
      seen.set(key, { labels, from: seen.get(key)?.from ?? now, until: now })
    }
    const active: readonly Active[] = await read(`${alertmanager}/api/v2/alerts`)
    const known = new Map(active.map((one) => [one.fingerprint, one.labels]))
    for (const { labels, status } of active) {
      for (const by of status.inhibitedBy) {
        const source = known.get(by)
        if (source) held.set(`${keyOf(labels)} ${keyOf(source)}`, { target: labels, source })
      }
    }
  }
  let going = true
  let failed = 0
  const looking = (async () => {
    while (going) {
      await look().catch(() => {
        failed += 1
      })
      await delay(every)
    }
  })()
  return {
    seen: () => [...seen.values()],
    held: () => [...held.values()],
    end: async () => {
      going = false
      await looking
      if (failed > 10)
        throw new Error(`Prometheus or Alertmanager did not answer ${failed} times: what fired is not known`)
    },
  }
}
