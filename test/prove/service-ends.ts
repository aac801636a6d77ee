import type { Proof } from './proof.ts'
import { canLimit, fullDisk } from './service-ends/full-disk.ts'
import { mostDelay, sigterm } from './service-ends/sigterm.ts'
import { type Found, frameworks, openStand } from './service-ends/stand.ts'
import { mostKept, stormed } from './service-ends/storm.ts'

const many = 100_000

/** A share of it is a try; what is written down is the whole. */
export const endsProof = (share = 1): Proof => ({
  title: 'How a service ends, and what it does in a storm and on a full disk',
  says: `An application on Fastify and on Express runs in a process of its own; it logs a line with the number of each request
and answers up to 8 ms later. Clients in another process keep their connections, and know of every request what came of it. The same
application without us (bare) meets the same. It would be a fault of ours if clients got an answer or a refusal that they do not get
without us; if where it closes a request were cut that had reached the handler; if the process ended by another signal or exit code, or more than ${mostDelay} ms
later; if a request was answered and its line is not on the disk (but while that is full); if in the storm a request were not answered, a
rejection not counted, neither told in a line nor in the sum of its second, more than 51 lines came of a second, or ${mostKept / 1024 ** 2} MiB or more were
held after it; if on a full disk a request were not answered, the median took more than five times as long and 20 ms, one took 2 s, or
lines written and lost were not all that were logged. Without a handler the system ends the process at once, and what is under way is cut.`,
  columns: [
    'what happens',
    'application',
    'answered',
    'cut',
    'refused connections',
    'ended by',
    'after, ms at most',
    'lines of answered requests missing',
    'more',
  ],
  prove: async (say) => {
    if (!(await canLimit())) throw new Error('could not fill a disk: install prlimit (util-linux)')
    const stand = await openStand()
    const found: Found[] = []
    const add = (more: readonly Found[]) => {
      found.push(...more)
      for (const { row, faults } of more) say([...row, ...faults].join(' | '))
    }
    try {
      for (const framework of frameworks) {
        for (const graceful of [true, false])
          add(await sigterm(stand, { framework, graceful, times: Math.ceil(10 * share), before: 5_000 }))
        add(await stormed(stand, { framework, many: many * share }))
        add([await fullDisk(stand, { framework, many: 20_000 })])
      }
    } finally {
      await stand.end()
    }
    return { rows: found.map(({ row }) => row), faults: found.flatMap(({ faults }) => faults) }
  },
})

export const serviceEndsProof = endsProof()
