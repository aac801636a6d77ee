import { eventually } from '../integration/servers.ts'
import type { Stand } from './stand.ts'

interface Page {
  readonly status: string
  readonly labels: Readonly<Record<string, string>>
}

/** Redis is paused until the page about it has arrived at whoever is on call. */
export const pageArrives = async (stand: Stand, meanwhile: () => Promise<void>): Promise<string> => {
  const pager = `${await stand.url('api', 9095)}/alerts`
  const heard = async (): Promise<readonly Page[]> => JSON.parse(await (await fetch(pager)).text())
  const began = Date.now()
  await stand.compose('pause', 'redis')
  try {
    await meanwhile()
    const pages = await eventually(heard, (all) => all.some(isIt), { within: 240_000, every: 500 })
    const others = new Set(pages.filter((page) => !isIt(page)).map(({ labels }) => labels.alertname))
    const seconds = Math.round((Date.now() - began) / 1_000)
    return `RedisDown arrived at the pager ${seconds} s after Redis was paused${others.size > 0 ? `; beside it: ${[...others].join(', ')}` : ''}`
  } finally {
    await stand.compose('unpause', 'redis')
  }
}

const isIt = ({ status, labels }: Page) => status === 'firing' && labels.alertname === 'RedisDown'
