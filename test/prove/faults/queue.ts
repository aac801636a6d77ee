import { memoryCells } from './crowd.ts'
import { type Found, forgetPeak, ofScrape } from './occur.ts'
import { hold, leave, lock, view, waiting } from './postgres.ts'
import { type Reply, type Stand, settled } from './stand.ts'

const target = 'postgres/faulty'
/** What a scrape has read, and so holds a lock on, when it comes to what is locked. */
const read = 'pg_stat_database'
/** Milliseconds: our `lock_timeout`, and what a busy machine adds. */
const longest = 500 + 250

/** While a scrape waits for a lock, somebody wants one that the scrape is in the way of. */
export const queued = async (stand: Stand, times = 10): Promise<Found> => {
  const { exporter, postgres } = stand
  await exporter.scrape(target)
  const first = await exporter.memory()
  forgetPeak(exporter.pid)
  const waits: number[] = []
  const replies: Reply[] = []
  for (let time = 0; time < times; time += 1) {
    const [holder, behind] = [await hold(stand, lock(view)), await postgres.client()]
    const scrape = exporter.scrape(target)
    await waiting(stand)
    const start = performance.now()
    await behind.query(`begin; ${lock(read)}`)
    waits.push(performance.now() - start)
    await behind.query('rollback')
    replies.push(await scrape)
    for (const client of [holder, behind]) await leave(client)
  }
  const last = await exporter.memory()
  const name = 'a scrape that waits for a lock is itself in the way of an `ACCESS EXCLUSIVE`'
  const says = `up 1, archiver; who waited for us did so for ${Math.round(Math.max(...waits))} ms at most`
  const good = replies.every((reply) => reply.up === 1 && ofScrape(reply).join() === 'archiver')
  const told = replies.map(({ up, failed }) => `up ${up}, ${failed.join(' and ')}`).join('; ')
  const faults = good && Math.max(...waits) < longest ? [] : [`${name}: ${says}; told was ${told}`]
  const slowest = Math.round(Math.max(...replies.map(({ milliseconds }) => milliseconds)))
  const row = [name, times, slowest, says, '–', `1, –, ${await settled(stand, target)}`, '–']
  return { row: [...row, ...memoryCells(exporter.pid, first, last)], faults }
}
