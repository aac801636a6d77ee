import { catalogue } from './faults/catalogue.ts'
import { deafClients, scrapesAtOnce } from './faults/crowd.ts'
import { examined, type Found } from './faults/occur.ts'
import { postgresFaults } from './faults/postgres.ts'
import { queued } from './faults/queue.ts'
import { redisFaults, wireFaults } from './faults/redis.ts'
import { openStand, patience } from './faults/stand.ts'
import type { Proof } from './proof.ts'

/** How often each fault comes and goes. */
const times = 4

export const faultsProof: Proof = {
  title: 'What the exporter does while a server is at fault',
  says: `One exporter, run by node as in production, reads two PostgreSQLs and two Redis; one of each is at fault, or the wire to it is. Each
fault comes and goes ${times} times; meanwhile all are scraped side by side with \`x-prometheus-scrape-timeout-seconds: ${patience}\`. It would be a
fault of ours if an answer took longer, said something else than what is so, if what is well were not read whole and in time, if the
scrape after the fault were not well, if the server counted more connections than the one we keep (and one beside the scrapes, which
is closed), or if more memory were held after the last time than after the first times. Connections are those before, during and after
the fault; a server that is away counts none (–). The collector named survey tells of the last attempt of what is found beside the scrapes, which
may have met the fault, and is left out. Memory is that of the exporter, the garbage collected: heap and buffers after the
first quarter of the times and after the last, and resident with its peak between the two.`,
  columns: [
    'fault',
    'scrapes',
    'slowest, ms',
    'what they said',
    'the others, slowest, ms',
    'connections',
    'scrapes until well',
    'heap, MiB',
    'resident, MiB',
  ],
  prove: async (say) => {
    const stand = await openStand({ tables: 500 })
    const found: Found[] = []
    const add = (one: Found) => {
      found.push(one)
      say(one.row.join(' | '))
    }
    try {
      for (const fault of [...postgresFaults, ...redisFaults, ...wireFaults]) add(await examined(stand, fault, times))
      add(await queued(stand))
      for (const run of scrapesAtOnce) add(await run(stand))
      add(await deafClients(stand))
      add(await catalogue(stand))
    } finally {
      await stand.end()
    }
    return { rows: found.map(({ row }) => row), faults: found.flatMap(({ faults }) => faults) }
  },
}
