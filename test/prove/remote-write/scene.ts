import type { Program } from '../../../compose/local/find-program.ts'
import { allowList } from '../../../compose/mimir/allow-list.ts'
import { eventually, type workshop } from '../../integration/servers.ts'
import { arrived } from './answer.ts'
import { exposed, feed, type Moments } from './feed.ts'
import { held } from './held.ts'
import { type Receiver, stand } from './stand.ts'

/** Seconds. Prometheus takes no sample that lies further ahead than ten minutes, and an agent writes none from before its start. */
const [ahead, length, every] = [110, 7 * 60, 15] as const

const countFor = ({ unlisted = false, without = [] }: Partial<Receiver>) => {
  const names = new Set(allowList().filter((name) => !without.includes(name)))
  return held.filter(({ name }) => unlisted || names.has(name)).length
}

/**
 * A source that scrapes all there is, and an agent that scrapes the same and writes of it to whoever is named. Samples carry
 * their time, which is a little ahead, so that all have the same.
 */
export const scene = async (shop: ReturnType<typeof workshop>, program: Program) => {
  const served = await feed()
  const servers = stand(shop, program)
  const source = await servers.source(served.address)
  const begin = Math.ceil(Date.now() / 1000) + ahead
  const moments: Moments = { begin, end: begin + length, every }
  const waitFor = (url: string, count: number) =>
    eventually(() => arrived(url, count, moments), Boolean, { within: 60_000, every: 250 })
  served.say(exposed(held, moments))
  return {
    moments,
    source,
    receiver: servers.receiver,
    /** What agents write to these, the whole of it. */
    write: async (...receivers: readonly Receiver[]) => {
      const agent = await servers.agent(served.address, receivers)
      if (Date.now() / 1000 > begin) throw new Error('the samples are too old for an agent that starts now')
      for (const one of receivers) await waitFor(one.url, countFor(one))
      await agent.stop()
    },
    /** The source has it all, and scrapes nothing any more. */
    settle: async () => {
      await waitFor(source.url, countFor({ unlisted: true }))
      await source.settle()
    },
    end: served.close,
  }
}
export type Scene = Awaited<ReturnType<typeof scene>>
