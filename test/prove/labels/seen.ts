import type { RecordedSeries, Recording } from '../../promtool/recorded/recording.ts'

/** A series with all its labels, as Prometheus has it. */
export type Series = Readonly<Record<string, string>>

/** Enough to see what values are like. */
const shown = 3

/** Of every target, or told by the recording's key. */
const elsewhere = ['__name__', 'job', 'instance']

/** Labels whose values are the machine's or the run's. */
const ofTheRun: Readonly<Record<string, string>> = {
  client_addr: '<address>',
  datid: '<id>',
  device: '<device>',
  fstype: '<file system>',
  master_host: '<address>',
  master_port: '<port>',
  master_replid: '<id>',
  mountpoint: '<path>',
  os: '<system>',
  process_id: '<id>',
  queryid: '<id>',
  redis_build_id: '<id>',
  rule_group: '<file>;<group>',
  run_id: '<id>',
  slave_ip: '<address>',
  slave_port: '<port>',
  system_identifier: '<id>',
  tcp_port: '<port>',
  upstream_host: '<address>',
  url: '<address>',
}

/** Series of which this run has some and that run others. */
const byChance = new Set(['nodejs_gc_duration_seconds_sum'])

const settled = (series: Series): Series =>
  Object.fromEntries(
    Object.entries(series)
      .filter(([label]) => !elsewhere.includes(label))
      .map(
        ([label, value]) =>
          [label, byChance.has(series.__name__ ?? '') ? `<${label}>` : (ofTheRun[label] ?? value)] as const,
      )
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  )

const recordedAs = (found: readonly Series[]): RecordedSeries => {
  const all = [...new Set(found.map((one) => JSON.stringify(settled(one))))].sort()
  const examples: readonly Series[] = all.map((text) => JSON.parse(text))
  return { labels: [...new Set(examples.flatMap(Object.keys))].sort(), examples: examples.slice(0, shown) }
}

const groupedBy = <T>(things: readonly T[], key: (thing: T) => string) => {
  const groups = new Map<string, T[]>()
  for (const one of things) groups.set(key(one), [...(groups.get(key(one)) ?? []), one])
  return [...groups].sort(([one], [other]) => (one < other ? -1 : 1))
}

/** What was seen, by job and name, the same of every run in which the same was seen. */
export const recordingOf = (seen: readonly Series[]): Recording =>
  Object.fromEntries(
    groupedBy(seen, ({ job = '' }) => job).map(([job, ofJob]) => [
      job,
      Object.fromEntries(
        groupedBy(ofJob, ({ __name__: name = '' }) => name).map(([name, found]) => [name, recordedAs(found)]),
      ),
    ]),
  )
