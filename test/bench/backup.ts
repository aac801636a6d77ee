import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { backupSettings } from '../../config/backup.ts'
import { libpqLogin } from '../../jobs/backup/libpq.ts'
import { readManifest } from '../../jobs/backup/manifest.ts'
import { workshop } from '../integration/servers.ts'
import { type BackupStand, backupStand } from '../prove/jobs/backup-stand.ts'
import { bundleOurs } from './contestants.ts'

interface Options {
  /** Of the dump before it is compressed. */
  readonly megabytes: number
  /** Each is done so often, in turns; the median counts. */
  readonly rounds?: number
  readonly say: (line: string) => void
}

/** What was measured, and what is promised of it. */
export interface BackupFigures {
  readonly plainBytes: number
  readonly bytes: number
  /** Seconds of ours until the backup is complete and verified, of the pipe, and of the pipe with the program gzip. */
  readonly ours: number
  readonly pipe: number
  readonly gzip: number
  /** How fast ours is beside the pipe: 1 is as fast. */
  readonly ratio: number
  /** Bytes of our process at most. */
  readonly peak: number
}

/** Promised: bytes, and the ratio above. */
export const backupLimits = { peak: 200e6, ratio: 0.9 } as const

const settings = { ...backupSettings, parts: ['database'] as const }

/** Does with what comes what ours does to compress it, and nothing else. */
const compressor = `
  const { createGzip } = require('node:zlib')
  process.stdin.pipe(createGzip({ level: ${settings.compression}, chunkSize: 262144 })).pipe(process.stdout)`

/** pg_dump into a compressor into a file, by the shell. Seconds until both have ended. */
const piped = async ({ variables, folder }: BackupStand, into: string) => {
  const { env } = libpqLogin(variables.JOBS_DATABASE_URL)
  const file = join(folder, '..', 'piped.gz')
  const line = `"$DUMP" --format=custom --compress=0 | ${into} > "$FILE"`
  const began = performance.now()
  const child = spawn('sh', ['-c', line], {
    env: {
      ...process.env,
      ...env,
      DUMP: join(variables.POSTGRES_BIN, 'pg_dump'),
      FILE: file,
      CODE: compressor,
      NODE: process.execPath,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  const seconds = (performance.now() - began) / 1_000
  if (code !== 0 || statSync(file).size < 1_000) throw new Error(`the pipe into ${into} ended with ${code}`)
  rmSync(file)
  return seconds
}

const ours = async (stand: BackupStand, program: string) => {
  const { ended, said } = stand.child({ given: settings, program })
  const { code } = await ended
  if (code !== 0) throw new Error(`the backup ended with ${code}: ${said()}`)
  const own = join(stand.folder, 'database')
  const name =
    readdirSync(own)
      .filter((one) => one.endsWith('.manifest.json'))
      .toSorted()
      .at(-1) ?? ''
  const { plainBytes, bytes, started, ended: end } = readManifest(readFileSync(join(own, name), 'utf8'))
  const peak = Number(/^maxrss (\d+)$/m.exec(said())?.[1]) * 1_024
  return { plainBytes, bytes, peak, seconds: (Date.parse(end) - Date.parse(started)) / 1_000 }
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/**
 * Ours beside the same pg_dump piped into the same compressor, in turns on one database. Ours encrypts, counts rows,
 * computes checksums, waits for the disk, and reads the file again on top.
 */
export const benchBackup = async ({ megabytes, rounds = 3, say }: Options): Promise<BackupFigures> => {
  const shop = workshop()
  const program = await bundleOurs(new URL('../prove/jobs/backup-child.ts', import.meta.url))
  try {
    const stand = await backupStand(shop, { bucket: false })
    await fill(stand, megabytes)
    await stand.end()
    const turns: { readonly of: Awaited<ReturnType<typeof ours>>; readonly pipe: number; readonly gzip: number }[] = []
    // What is read first warms the cache for all.
    await piped(stand, 'cat')
    for (let round = 0; round < rounds; round++) {
      const pipe = await piped(stand, '"$NODE" -e "$CODE"')
      const of = await ours(stand, program)
      const gzip = await piped(stand, `gzip -${settings.compression}`)
      say(
        `round ${round + 1}: ours ${of.seconds.toFixed(1)} s, pipe ${pipe.toFixed(1)} s, gzip ${gzip.toFixed(1)} s, peak ${(of.peak / 1e6).toFixed(0)} MB`,
      )
      turns.push({ of, pipe, gzip })
    }
    const [seconds, pipe] = [median(turns.map(({ of }) => of.seconds)), median(turns.map((turn) => turn.pipe))]
    return {
      plainBytes: turns[0]?.of.plainBytes ?? 0,
      bytes: turns[0]?.of.bytes ?? 0,
      ours: seconds,
      pipe,
      gzip: median(turns.map((turn) => turn.gzip)),
      ratio: pipe / seconds,
      peak: Math.max(...turns.map(({ of }) => of.peak)),
    }
  } finally {
    rmSync(program, { force: true })
    await shop.end()
  }
}

/** Rows as guests leave them: names, notes and numbers, of which gzip takes about two thirds. */
const fill = async ({ client }: BackupStand, megabytes: number) => {
  await client.query('create table visits (id bigint, guest text, came timestamptz, note text, paid int)')
  for (let done = 0; done < megabytes; done += 100) {
    const rows = Math.round(Math.min(100, megabytes - done) * 6_500)
    await client.query(`
      insert into visits select n, 'Guest ' || n % 90000, now() - n * interval '1 minute',
        'table near the window, ' || md5(n::text) || ', ' || md5((n * ${done + 7})::text), (n * 7919) % 20000
      from generate_series(${done * 6_500} + 1::bigint, ${done * 6_500} + ${rows}) n`)
  }
  await client.query('checkpoint')
}

const megabytesOf = (bytes: number) => (bytes / 1e6).toFixed(0)

/** The page of these figures. */
export const backupPage = (found: BackupFigures, heading: string): string => {
  const speed = (seconds: number) => `${(found.plainBytes / 1e6 / seconds).toFixed(0)}`
  const row = (name: string, seconds: number) => `| ${name} | ${seconds.toFixed(1)} | ${speed(seconds)} |`
  return [
    '# A backup beside the same pg_dump piped into the same compressor',
    '',
    heading,
    '',
    `A dump of ${megabytesOf(found.plainBytes)} MB, ${megabytesOf(found.bytes)} MB when compressed (gzip -${settings.compression} of node:zlib) and encrypted.`,
    'In turns, the median of them counts. Ours is timed from its start until the backup is complete: it counts the rows of every table,',
    'encrypts, computes two checksums, waits until all of it is on the disk, and reads it again. The pipe does none of that.',
    '',
    '| | seconds | MB of the dump a second |',
    '| --- | --- | --- |',
    row('ours', found.ours),
    row('`pg_dump` piped into the same compressor', found.pipe),
    row('`pg_dump` piped into the program gzip, for comparison', found.gzip),
    '',
    `Speed beside the pipe: ${found.ratio.toFixed(2)} (promised: at least ${backupLimits.ratio}).`,
    `Memory of our process at its peak, with every library it needs loaded: ${megabytesOf(found.peak)} MB (promised: less than ${megabytesOf(backupLimits.peak)} MB).`,
  ].join('\n')
}
