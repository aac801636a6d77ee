import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { backupLimits, backupPage, benchBackup } from './backup.ts'
import { bench, growthIn, type Result } from './bench.ts'
import { catalogues, type DataSetName, keyspaces } from './data-sets.ts'
import { benchService, isServicePart, servicePage, serviceParts } from './service/bench.ts'
import { verdictOf } from './service/report.ts'

const known: Readonly<Record<string, unknown>> = { ...catalogues, ...keyspaces }
const isDataSet = (name: string): name is DataSetName => name in known

const positive = (name: string, text: string | undefined) => {
  const value = text === undefined ? undefined : Number(text)
  if (value !== undefined && !(value > 0 && Number.isFinite(value))) {
    throw new Error(`--${name} ${text} is no number of ${name}: write 1 or more`)
  }
  return value
}

const whole = (name: string, text: string | undefined) => {
  const value = positive(name, text)
  if (value !== undefined && !Number.isInteger(value)) {
    throw new Error(`--${name} ${text} is no number of ${name}: write 1 or more`)
  }
  return value
}

const read = () => {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { scrapes: text, pairs: text, seconds: text, megabytes: text, write: { type: 'boolean', default: false } },
  })
  const backup = positionals.includes('backup')
  const asked = positionals
    .filter((name) => name !== 'backup')
    .flatMap((name) => (name === 'service' ? serviceParts : [name]))
  const strangers = asked.filter((name) => !isDataSet(name) && !isServicePart(name))
  if (strangers.length > 0) {
    const names = [...Object.keys(known), ...serviceParts, 'service', 'backup']
    throw new Error(`there is no data set ${strangers.join(', ')}. Known: ${names.join(', ')}`)
  }
  const scrapes = whole('scrapes', values.scrapes)
  const [pairs, seconds] = [whole('pairs', values.pairs), positive('seconds', values.seconds)]
  const race = { ...(pairs && { pairs }), ...(seconds && { seconds }) }
  const all = asked.length > 0 || backup ? asked : Object.keys(known)
  const parts = all.filter(isServicePart)
  const megabytes = backup ? (whole('megabytes', values.megabytes) ?? 1_000) : undefined
  return { data: all.filter(isDataSet), parts, scrapes, race, megabytes, write: values.write }
}

const unique = (values: readonly string[]) => [...new Set(values)].join(', ')

const machine = () => {
  const [first] = cpus()
  const memory = Math.round(totalmem() / 1024 ** 3)
  return `${cpus().length} x ${first?.model.trim() ?? 'an unknown processor'}, ${memory} GiB, Node ${process.versions.node}`
}

const method = `## How it is measured

- Both exporters read the same server over loopback in one run, each with a login of its own and with its connections as
  it makes them. Ours is bundled and run by \`node\` alone. After half as many scrapes to warm up they are scraped in
  turns, so that whatever else happens on the machine meets both; then again with gzip, as Prometheus asks.
- Latency is the time until the last byte of the answer, median and 95th percentile by nearest rank.
- Exporter CPU is user and system time by \`/proc/PID/stat\`, memory \`VmRSS\` and \`VmHWM\` by \`/proc/PID/status\`, after the scrapes.
- Server time is \`total_exec_time\` in \`pg_stat_statements\` of the exporter's login. It leaves out logging in and planning;
  the CPU of the server's processes holds them. Their memory is \`RssAnon\`, shared buffers left out.
- Round trips are counted by a proxy in front of exporters of their own, so that it does not disturb the clock.
- Equal series: all tables one by one and every statement, from those of our collectors that share a name with the peer.
  The side that then sends more shows fewer statements, until both send equally many series. Series of an exporter's own
  process (\`go_\`, \`process_\`, \`promhttp_\`) are not counted.
- Ours reads the sizes of relations at a pace of its own, beside the scrapes. While both race it does not. What it costs
  the server is the time of the statements it marks as its survey's; in the exporter, what its first scrape costs until all is
  still again, less its third: an upper bound, because nothing is warm. The median of three exporters counts. How long it
  takes is what \`pg_survey_duration_seconds\` tells, its pace what \`pg_survey_interval_seconds\` tells. Latency, server
  time and CPU of ours include it, divided by the scrapes (one every 15 s) from one refresh to the next; the rows below
  each of them tell it without.
- A missed limit is written down and is no failure of the run. What could not be measured is.
`

const heading = (command: string, load: number) =>
  [
    `Written by \`${command}\` on ${new Date().toISOString().slice(0, 10)}. Machine: ${machine()}.`,
    `Processes that were ready to run before it began, the average of a minute: ${load.toFixed(1)}.`,
  ].join('\n')

const pageOf = (results: readonly Result[], load: number) =>
  [
    '# Ours beside the peers',
    '',
    heading('npm run bench -- --write', load),
    `Servers: ${unique(results.map(({ server }) => server))}. Peers: ${unique(results.map(({ peer }) => peer))}.`,
    'Use the ratios of one run, not these absolutes.',
    '',
    method,
    '## Figures',
    '',
    ...results.flatMap(({ tables }) => tables),
    growthIn(results) ?? '',
  ]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()

const keep = (file: string, text: string) => {
  const folder = fileURLToPath(new URL('../../docs/proof/', import.meta.url))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, file), `${text}\n`)
  console.log(`Wrote ${join(folder, file)}`)
}

const say = (line: string) => console.log(line)

const start = async () => {
  const { data, parts, scrapes, race, megabytes, write } = read()
  const [load = 0] = loadavg()
  if (data.length > 0) {
    const results = await bench({ data, scrapes, say })
    const growth = growthIn(results)
    if (growth) say(growth)
    if (write) keep('bench.md', pageOf(results, load))
  }
  if (parts.length > 0) {
    const found = await benchService(parts, { ...race, say })
    if (write)
      keep('service-bench.md', servicePage(found, heading(`npm run bench -- ${parts.join(' ')} --write`, load)))
    say(verdictOf(found))
  }
  if (megabytes !== undefined) {
    const found = await benchBackup({ megabytes, say })
    const text = backupPage(found, heading(`npm run bench -- backup --megabytes ${megabytes} --write`, load))
    say(text)
    if (write) keep('backup-bench.md', text)
    if (found.peak >= backupLimits.peak || found.ratio < backupLimits.ratio) throw new Error('a limit was missed')
  }
}

start().catch((error: unknown) => {
  console.error('bench:', error)
  process.exit(1)
})
