import { connect } from 'node:net'
import { memoryOf } from '../../bench/measure.ts'
import { eventually } from '../../integration/servers.ts'
import { type Found, forgetPeak, isWell, mib, mostGrowth } from './occur.ts'
import { patience, type Reply, type Stand, settled, socketsOf, type TargetName } from './stand.ts'

interface Server {
  readonly target: TargetName
  /** How often it has been asked what every scrape asks once. */
  asked(stand: Stand): Promise<number>
  hang(stand: Stand, signal: 'SIGSTOP' | 'SIGCONT'): void
}

const postgresServer: Server = {
  target: 'postgres/faulty',
  asked: async ({ postgres }) => {
    const [row] = await postgres.ask<{ calls: number }>(`
        select coalesce(sum(calls), 0)::int as calls from pg_stat_statements
        where userid = 'faulty'::regrole and query like '%from pg_stat_archiver%'`)
    return row?.calls ?? 0
  },
  hang: ({ postgres }, signal) => postgres.signal(signal),
}

const redisServer: Server = {
  target: 'redis/faulty',
  asked: async ({ redis }) =>
    Number(/^cmdstat_slowlog\|len:calls=(\d+)/m.exec(String(await redis.ask('INFO', 'commandstats')))?.[1] ?? 0),
  hang: ({ redis }, signal) => redis.signal(signal),
}

const slowest = (replies: readonly Reply[]) => Math.round(Math.max(...replies.map(({ milliseconds }) => milliseconds)))

const atOnce = async (stand: Stand, { target, asked, hang }: Server, count: number): Promise<Found> => {
  const { exporter } = stand
  await exporter.scrape(target)
  const before = await asked(stand)
  const first = await exporter.memory()
  forgetPeak(exporter.pid)
  hang(stand, 'SIGSTOP')
  const all = Array.from({ length: count }, () => exporter.scrape(target))
  // Who asked after them is answered: all of them wait.
  const other = await exporter.scrape('postgres/healthy')
  hang(stand, 'SIGCONT')
  const replies = await Promise.all(all)
  const connections = await settled(stand, target)
  const times = (await asked(stand)) - before
  const bodies = new Set(replies.map(({ body }) => body)).size
  const last = await exporter.memory()
  const name = `${count} scrapes of ${target.split('/')[0]} at once`
  const says = `${replies.filter(isWell).length} times up 1, ${bodies} different; the server was asked ${times} times`
  const well = replies.every((one) => isWell(one) && one.milliseconds < 1000 * patience) && isWell(other)
  const faults = well && bodies === 1 && times === 1 && connections === 1 ? [] : [`${name}: ${says}`]
  const row = [name, count, slowest(replies), says, slowest([other]), `1, –, ${connections}`, '–']
  return { row: [...row, ...memoryCells(exporter.pid, first, last)], faults }
}

type Memory = Awaited<ReturnType<Stand['exporter']['memory']>>
export const memoryCells = (pid: number, first: Memory, last: Memory) => [
  `${mib(first.heap + first.external)}, ${mib(last.heap + last.external)}`,
  `${mib(first.resident)}, ${memoryOf(pid, 'VmHWM').toFixed(1)}, ${mib(last.resident)}`,
]

/** Of each kind of server. */
export const scrapesAtOnce = [
  (stand: Stand, count = 100) => atOnce(stand, postgresServer, count),
  (stand: Stand, count = 100) => atOnce(stand, redisServer, count),
] as const

const deafClient = (port: number, target: TargetName) => {
  const socket = connect(port, '127.0.0.1').pause()
  socket.on('error', () => undefined)
  const timeout = `x-prometheus-scrape-timeout-seconds: ${patience}`
  socket.write(`GET /metrics/${target} HTTP/1.1\r\nhost: x\r\n${timeout}\r\n\r\n`)
  return socket
}

const deafTarget = 'postgres/unbounded'

/** They ask, others do as well, and they are cut off. */
const ignored = async (stand: Stand, count: number, idle: number) => {
  const { exporter } = stand
  const sockets = Array.from({ length: count }, () => deafClient(exporter.port, deafTarget))
  const replies = [await exporter.scrape(deafTarget), await exporter.scrape(deafTarget)]
  const others = await Promise.all([exporter.scrape('postgres/healthy'), exporter.scrape('redis/healthy')])
  const held = (await socketsOf(stand)) - idle
  await eventually(
    () => socketsOf(stand),
    (open) => open <= idle,
    { within: 10_000, every: 100 },
  )
  for (const socket of sockets) socket.destroy()
  return { replies, others, held }
}

/** Clients that ask for a long answer and take none of it. */
export const deafClients = async (stand: Stand, { count = 20, times = 3 } = {}): Promise<Found> => {
  const { exporter } = stand
  const { body } = await exporter.scrape(deafTarget)
  for (const healthy of ['postgres/healthy', 'redis/healthy']) await exporter.scrape(healthy)
  const idle = await socketsOf(stand)
  const first = await exporter.memory()
  forgetPeak(exporter.pid)
  const rounds = []
  for (let time = 0; time < times; time += 1) rounds.push(await ignored(stand, count, idle))
  const last = await exporter.memory()
  const [replies, others] = [rounds.flatMap((one) => one.replies), rounds.flatMap((one) => one.others)]
  const held = Math.min(...rounds.map((one) => one.held))
  const grown = last.heap + last.external - first.heap - first.external
  const whole = replies.every((one) => isWell(one) && one.body.length > 0.9 * body.length)
  const name = `${count} clients that never read an answer of ${mib(body.length)} MiB`
  const says = `${held} were held until they were cut off; who read meanwhile got ${whole ? 'all' : 'less'}`
  const well = whole && others.every(isWell) && grown < mostGrowth && held >= count
  const kept = `1, –, ${await settled(stand, deafTarget)}`
  const row = [name, replies.length, slowest(replies), says, slowest(others), kept, '–']
  return {
    row: [...row, ...memoryCells(exporter.pid, first, last)],
    faults: well ? [] : [`${name}: ${says}, ${mib(grown)} MiB more`],
  }
}
