import { setTimeout as delay } from 'node:timers/promises'
import { type Page, pageLine, printable } from '../demo/pager.ts'

const read = async (url: string): Promise<readonly Page[]> =>
  JSON.parse(await (await fetch(url, { signal: AbortSignal.timeout(2_000) })).text())

const show = (page: Page) =>
  page.status === 'firing' ? `${pageLine(page)}\n  ${printable(page.annotations.action ?? '')}` : pageLine(page)

/** Shows each page in the terminal as the demo's pager receives it, until the signal. */
export const followPages = async (pager: string, say: (line: string) => void, signal: AbortSignal): Promise<void> => {
  let shown = new Date().toISOString()
  while (!signal.aborted) {
    // A pager that is paused or gone is one of the demo's faults: the pages it then misses come when it is back.
    const pages = await read(`${pager}/alerts`).catch(() => [])
    for (const page of pages.filter(({ receivedAt }) => receivedAt > shown)) {
      say(show(page))
      shown = page.receivedAt
    }
    await delay(1_000, undefined, { signal }).catch(() => undefined)
  }
}
