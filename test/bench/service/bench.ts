import { recordAll } from './in-process.ts'
import { type RaceOptions, raceServices } from './pairs.ts'
import { renderAll } from './render.ts'
import { type Part, promisesOf, racePart, recordPart, renderPart } from './report.ts'

/** What can be measured of the part that runs inside a service. */
export const serviceParts = ['http', 'express', 'record', 'render'] as const
export type ServicePart = (typeof serviceParts)[number]
export const isServicePart = (name: string): name is ServicePart => serviceParts.some((part) => part === name)

const measure: Readonly<Record<ServicePart, (options: RaceOptions) => Promise<Part>>> = {
  http: async (options) => racePart('Fastify 5', await raceServices('fastify', options)),
  express: async (options) => racePart('Express 5', await raceServices('express', options)),
  record: async () => recordPart(await recordAll()),
  render: async () => renderPart(await renderAll()),
}

/** One after the other: two cores are for one server and who asks it. */
export const benchService = async (
  parts: readonly ServicePart[],
  { say = () => undefined, ...options }: RaceOptions = {},
): Promise<readonly Part[]> => {
  const found: Part[] = []
  for (const name of parts) {
    const part = await measure[name]({ ...options, say })
    say(`\n${part.title}\n\n${part.text}\n`)
    found.push(part)
  }
  if (found.some(({ promises }) => promises.length > 0)) say(promisesOf(found))
  return found
}

const method = `## How it is measured

- Throughput: each contestant is the same service in a process of its own, one file of JavaScript run by \`node\` alone with
  NODE_ENV=production, without a log. Another process asks it over loopback: 64 connections, on each one request at a time, three
  of four a GET, one a POST with a small body. It counts the bytes of answers whose length it knows, and costs about half of
  what a bare service costs. In a round the bare service and every contestant are under load once, one after the other, another
  first each time; a contestant and the bare service of the same round are a pair. After five rounds all start anew and are warmed
  up: how the compiler happens to lay out a program lasts as long as its process.
- The limit is a hook on \`onResponse\` written by hand, which finds route and status in plain arrays and adds to a bucket and a
  sum: the least that Fastify's own means of counting cost. It is no promise that nothing is faster.
- By hand prom-client counts requests and durations by method, route and status, in \`onResponse\`. fastify-metrics,
  OpenTelemetry (instrumentation-http and exporter-prometheus, metrics alone) and express-prom-bundle (with method and path) are
  as they come. Ours counts requests, durations, sizes both ways, what was aborted, and what is in flight.
- Server CPU is user and system time by \`/proc/PID/stat\` while it was asked, over all its slices. It tells the cost where
  something else on the machine disturbs the clock. Memory is \`VmRSS\` after each sitting, the median.
- At the end of a sitting every contestant is asked how many requests it has counted. One that counted fewer than it answered
  ends the run: it would be measured for nothing.
- Recording: all recorders in one process, in turns, 50,000 calls in each of 60 rounds after 15 to warm up, over 64 requests
  with labels of their own. What they counted is read at the end, and is the number of calls. Ours is what happens at the end of a
  request (duration, number, both sizes); "by hand" is a histogram and a counter of our instruments with labels.
- Serving: 100,000 series of a counter, and a histogram of 7,143 series, which are 100,002 lines. Ours is a service made by
  \`createService\`, without workers, scraped on its own metrics port; prom-client is \`register.metrics()\` behind a server of
  Node's own. The bench itself scrapes over HTTP and reads as fast as it comes. In the process that is scraped a chain of timers
  of 1 ms tells the longest time from one to the next during each scrape. Garbage collection counts. The first scrape of a process
  is cold: its code is not compiled and its heap was filled just before; each way to ask is the cold one in its turn. prom-client
  can't compress. The first line is the same chain in a process that nobody asks: what the machine holds up by itself.
- A missed promise is written down and is no failure of the run.
`

/** Everything as a page. `heading` says when and on what it was measured. */
export const servicePage = (parts: readonly Part[], heading: string) =>
  [
    '# Ours inside a service, beside the peers',
    '',
    heading,
    'Use the ratios of one run, not these absolutes.',
    '',
    '## Promises',
    '',
    promisesOf(parts),
    '',
    ...parts.flatMap(({ title, text }) => [`## ${title}`, '', text, '']),
    method,
  ]
    .join('\n')
    .trimEnd()
