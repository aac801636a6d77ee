import type { Proof } from './proof.ts'
import { answeredSeries, flat, leftSeries, mostGrowth, mostResident, type Wanted } from './service-memory/run.ts'

/** Of each server. */
const requests = 1_000_000
/** Of those that write each request into files, which takes longer. */
const logged = 200_000

const runs: readonly Wanted[] = [
  { server: 'Fastify 5', log: 'none', requests },
  { server: 'Express 5', log: 'none', requests },
  { server: 'Express 4', log: 'none', requests },
  { server: 'node:http', log: 'none', requests },
  { server: 'Fastify 5', log: 'all', requests: logged },
]

const mib = (bytes: number) => (bytes / 1024 ** 2).toFixed(1)

/** A tenth of a run is a try; what is written down is the whole. */
export const memoryProof = (share = 1): Proof => ({
  title: 'What a service holds in memory after a million hostile requests',
  says: `Each server runs in a process of its own, instrumented by \`createService\`, and is asked ${(requests * share).toLocaleString('en')} times by another process over
48 connections at a time (where every request is logged, into two kinds of files of 200 kB at most, ${(logged * share).toLocaleString('en')} times): paths and parameters of up
to 8 kB full of percent signs, dots, bars and brackets, in mounted routers too; targets that name a host; all methods that Node knows;
headers of any name, by the thousand or several times; strange or several hosts; bodies by length and in chunks, and some that are
promised and never sent; requests ahead of the answers; connections that are left, reset, half closed or half open; what is no HTTP
at all. It is measured ten times, when all connections are closed and the garbage is collected, heap and buffers. It would be a fault if
${mostGrowth / 1024 ** 2} MiB or more were held at the end than after the first fifth, or ${mostResident / 1024 ** 2} MiB more were resident; if a series had a route that the application
has not; if one came after the first fifth, which begins with every method at every place with every trick (but for those of requests
that were left, under 499, one for a route and method, which chance decides); if completed plus aborted were not what a
listener of \`request\` counted plus what Node answers without telling one (no host, an unknown \`Expect\`: as the clients count them);
if the instrumentation had counted a fault of its own; if a connection were neither answered nor closed; or if a file of the log were
larger than it may be.`,
  columns: [
    'server',
    'requests logged',
    'accepted',
    'completed',
    'aborted',
    'by Node itself',
    'connections',
    'series at 20 %',
    'at the end',
    'of requests left at 20 %',
    'at the end',
    'held at 20 %, MiB',
    'at the end',
    'resident at 20 %, MiB',
    'at the end',
    'seconds',
  ],
  prove: async (say) => {
    const rows: (string | number)[][] = []
    const faults: string[] = []
    for (const run of runs) {
      const found = await flat({ ...run, requests: run.requests * share }, say)
      const { early, last } = found
      rows.push([
        ...[run.server, run.log, last.accepted, last.completed, last.aborted, last.byNode, last.connections],
        ...[early, last].map((one) => answeredSeries(one).length),
        ...[early, last].map((one) => leftSeries(one).length),
        ...[mib(early.held), mib(last.held)],
        ...[mib(early.resident), mib(last.resident), found.seconds.toFixed(0)],
      ])
      faults.push(...found.faults.map((fault) => `${run.server}, ${run.log}: ${fault}`))
    }
    return { rows, faults }
  },
})

export const serviceMemoryProof = memoryProof()
