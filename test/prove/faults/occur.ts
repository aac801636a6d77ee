import { readFileSync, writeFileSync } from 'node:fs'
import { memoryOf } from '../../bench/measure.ts'
import { eventually } from '../../integration/servers.ts'
import { type Fault, seriesOf } from './fault.ts'
import { patience, type Reply, type Stand, settled, socketsOf, type TargetName } from './stand.ts'

interface Occurrence {
  readonly replies: readonly Reply[]
  /** Of what is well, asked at the same time. */
  readonly others: readonly Reply[]
  /** Connections to the faulty server: before, most during the fault, and after. */
  readonly connections: { readonly before: number; readonly during: number | undefined; readonly after: number }
  /** Scrapes until all was well again. */
  readonly mended: number
  /** Series that were there before and not during the fault. */
  readonly missing: readonly string[]
}

const healthy: readonly TargetName[] = ['postgres/healthy', 'redis/healthy']
/** What is found beside the scrapes may have met the fault: this one tells of its last attempt, until there is another. */
export const ofScrape = ({ failed }: Reply) => failed.filter((name) => name !== 'survey')
export const isWell = (reply: Reply) => reply.up === 1 && ofScrape(reply).length === 0

const scrapeAll = async ({ exporter }: Stand, target: TargetName, strike: (() => Promise<unknown>) | undefined) => {
  const asked = Promise.all([target, ...healthy].map((one) => exporter.scrape(one)))
  // An answer that came before the strike is no fault of the strike.
  await strike?.()
  const [reply, ...others] = await asked
  return { reply, others }
}

const untilWell = async ({ exporter }: Stand, target: TargetName) => {
  let scrapes = 0
  const well = async () => {
    scrapes += 1
    return exporter.scrape(target)
  }
  await eventually(well, isWell, { every: 100 })
  return scrapes
}

const without = (all: ReadonlySet<string>, some: ReadonlySet<string>) => [...all].filter((one) => !some.has(one))

/** The fault comes, is scraped and goes. */
const occur = async (stand: Stand, fault: Fault): Promise<Occurrence> => {
  const { target, mute = false, scrapes = 2 } = fault
  for (const one of healthy) await stand.exporter.scrape(one)
  await untilWell(stand, target)
  const whole = seriesOf(await stand.exporter.scrape(target))
  const [before, idle] = [await settled(stand, target), await socketsOf(stand)]
  const replies: Reply[] = []
  const others: Reply[] = []
  let during: number | undefined
  const { strike, end } = await fault.begin(stand)
  try {
    for (let scrape = 0; scrape < scrapes; scrape += 1) {
      const found = await scrapeAll(stand, target, strike)
      if (found.reply) replies.push(found.reply)
      others.push(...found.others)
    }
    if (!mute) during = await stand.connections(target)
    // What was dropped is not kept on our side either, though the server has not agreed to the end.
    await eventually(
      () => socketsOf(stand),
      (open) => open <= idle + 1,
    )
  } finally {
    await end()
  }
  const mended = await untilWell(stand, target)
  const after = await settled(stand, target)
  const missing = fault.whole ? replies.flatMap((one) => without(whole, seriesOf(one))) : []
  return { replies, others, connections: { before, during, after }, mended, missing }
}

export interface Found {
  readonly row: readonly (string | number)[]
  readonly faults: readonly string[]
}

/** More than one connection beside the one that is kept: that of what is found beside the scrapes. */
const mostConnections = 2
/** What a process that does the same again and again may end with more than it began with. */
export const mostGrowth = 10 * 1024 ** 2
/** What an answer without end may take, until it is left and the garbage collected. */
const mostPeak = 768 * 1024 ** 2
export const mib = (bytes: number) => (bytes / 1024 ** 2).toFixed(1)

const slowest = (replies: readonly Reply[]) => Math.round(Math.max(...replies.map(({ milliseconds }) => milliseconds)))
const few = 3
/** A server that was lost in the middle of its answer fails all who asked for the rest. */
const told = ({ up, failed }: Reply) =>
  [`up ${up ?? '?'}`, ...(failed.length > few ? ['the collectors behind failed'] : failed)].join(', ')
const summary = (replies: readonly Reply[]) => [...new Set(replies.map(told))].join(' / ')

const judged = ({ up, failed, logged }: Fault, found: readonly Occurrence[], log: string): readonly string[] => {
  const replies = found.flatMap((one) => one.replies)
  const others = found.flatMap((one) => one.others)
  const late = (all: readonly Reply[]) => all.filter(({ milliseconds }) => milliseconds > 1000 * patience).length
  const unlike = (one: Reply) =>
    one.up === undefined ||
    (up !== undefined && (one.up !== up || (up === 1 && String(ofScrape(one)) !== String(failed ?? []))))
  const leaks = found.filter(
    ({ connections: { during = 0, after, before } }) => during > mostConnections || after > Math.max(1, before),
  )
  const said: readonly (readonly [count: number, words: string])[] = [
    [late(replies), 'answers came too late'],
    [replies.filter(unlike).length, `answers said something else than expected: ${summary(replies.filter(unlike))}`],
    [logged && !logged.test(readFileSync(log, 'utf8')) ? 1 : 0, `reason is not in the log: ${logged}`],
    [late(others), 'answers of the others came too late'],
    [others.filter((one) => !isWell(one)).length, `of the others failed: ${summary(others)}`],
    [leaks.length, 'times connections were left'],
    [found.filter(({ mended }) => mended > 1).length, 'times the next scrape was not well'],
    [
      found.flatMap(({ missing }) => missing).length,
      `series were missing, such as ${found.flatMap(({ missing }) => missing)[0]}`,
    ],
  ]
  return said.flatMap(([count, words]) => (count > 0 ? [`${count} ${words}`] : []))
}

/** From now on VmHWM is the most of what comes: 5 resets it, as proc(5) says. */
export const forgetPeak = (pid: number) => writeFileSync(`/proc/${pid}/clear_refs`, '5')

/** Lets a fault come and go, and tells what came of it. Memory is compared with that after the first times. */
export const examined = async (stand: Stand, fault: Fault, times: number): Promise<Found> => {
  const found: Occurrence[] = []
  const early = Math.ceil(times / 4)
  forgetPeak(stand.exporter.pid)
  for (let time = 0; time < early; time += 1) found.push(await occur(stand, fault))
  const first = await stand.exporter.memory()
  for (let time = early; time < times; time += 1) found.push(await occur(stand, fault))
  const last = await stand.exporter.memory()
  const peak = 1024 ** 2 * memoryOf(stand.exporter.pid, 'VmHWM')
  const grown = last.heap + last.external - first.heap - first.external
  const of = (name: 'before' | 'during' | 'after') => {
    const counts = found.flatMap(({ connections }) => connections[name] ?? [])
    return counts.length > 0 ? Math.max(...counts) : '–'
  }
  const replies = found.flatMap((one) => one.replies)
  const others = found.flatMap((one) => one.others)
  const faults = [
    ...judged(fault, found, stand.exporter.log),
    ...(peak - first.resident > mostPeak ? [`${mib(peak)} MiB at the peak`] : []),
    ...(grown > mostGrowth ? [`${mib(grown)} MiB more were held`] : []),
  ]
  const row = [
    fault.name,
    replies.length,
    slowest(replies),
    summary(replies),
    slowest(others),
    `${of('before')}, ${of('during')}, ${of('after')}`,
    Math.max(...found.map(({ mended }) => mended)),
    `${mib(first.heap + first.external)}, ${mib(last.heap + last.external)}`,
    `${mib(first.resident)}, ${mib(peak)}, ${mib(last.resident)}`,
  ]
  return { row, faults: faults.map((words) => `${fault.name}: ${words}`) }
}
