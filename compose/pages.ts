import { setTimeout as delay } from 'node:timers/promises'

interface Page {
  readonly status: string
  readonly receivedAt: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

const line = ({ status, receivedAt, labels, annotations }: Page) =>
  `${receivedAt.slice(11, 19)} ${status.toUpperCase()} ${labels.severity} ${labels.alertname}: ${annotations.summary}` +
  (status === 'firing' ? `\n  ${annotations.action}` : '')

const read = async (url: string): Promise<readonly Page[]> =>
  JSON.parse(await (await fetch(url, { signal: AbortSignal.timeout(2_000) })).text())

/** Shows each page in the terminal as the demo's pager receives it, until the signal. */
export const followPages = async (pager: string, say: (line: string) => void, signal: AbortSignal): Promise<void> => {
  let shown = new Date().toISOString()
  while (!signal.aborted) {
    // A pager that is paused or gone is one of the demo's faults: the pages it then misses come when it is back.
    const pages = await read(`${pager}/alerts`).catch(() => [])
    for (const page of pages.filter(({ receivedAt }) => receivedAt > shown)) {
      say(line(page))
      shown = page.receivedAt
    }
    await delay(1_000, undefined, { signal }).catch(() => undefined)
  }
}
