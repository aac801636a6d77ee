import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { namesOf, readManifest, writeManifest } from '../../../jobs/backup/manifest.ts'
import { eventually } from '../../integration/servers.ts'
import { type BackupStand, backupStand, type Seen } from './backup-stand.ts'
import type { Case, Proven, Shop } from './case.ts'
import { type Disk, type OwnDisk, onOwnDisk, whyNoDisk } from './own-disk.ts'

const withoutDisk = whyNoDisk()

/** What is done to a run, once there is a good backup in both places. */
interface Blow {
  readonly what: string
  /** @returns faults of the case itself, such as that it came too late */
  strike(stand: BackupStand, disk: OwnDisk | undefined): Promise<readonly string[]>
  /** What became of the run that was struck. */
  readonly outcome: 'killed' | 'failed' | 'refused'
  /** What is on a disk of its own. */
  readonly disk?: Disk<'backups' | 'jobs'>
  /** Backups that went as they had to, whatever happened: past their time. */
  readonly goes?: number
  readonly megabytes?: number
}

const killed = 'it was not killed: the run was over before'

/** The size of what a run is writing now. */
const written = ({ folder }: BackupStand) => {
  const own = join(folder, 'database')
  return Math.max(
    -1,
    ...readdirSync(own)
      .filter((name) => name.endsWith('.sealed'))
      .map((name) => statSync(join(own, name), { throwIfNoEntry: false })?.size ?? -1),
  )
}

const dumping = async ({ client }: BackupStand) => {
  const { rows } = await client.query(`select from pg_stat_activity where application_name = 'pg_dump'`)
  return rows.length > 0
}

/** Also what a killed run started is to end. */
const orphansEnd = (stand: BackupStand) =>
  eventually(
    () => dumping(stand),
    (there) => !there,
  )

const played = (shop: Shop, blow: Blow): Promise<Proven> =>
  blow.disk ? onOwnDisk(shop, blow.disk, (disk) => playedOn(shop, blow, disk)) : playedOn(shop, blow, undefined)

const playedOn = async (
  shop: Shop,
  { what, strike, outcome, goes = 0, megabytes = 20 }: Blow,
  disk: OwnDisk | undefined,
): Promise<Proven> => {
  const stand = await backupStand(shop, { megabytes })
  const faults: string[] = []
  const check = (held: boolean, words: string) => {
    if (!held) faults.push(words)
  }
  try {
    const reservations = await stand.reservations()
    const first = await stand.run()
    check(first.outcome === 'succeeded', `the first run ${first.outcome}: ${first.words}`)
    faults.push(...(await strike(stand, disk)))
    const between = stand.seen()
    await orphansEnd(stand)
    const next = await stand.run()
    check(next.outcome === 'succeeded', `the next run ${next.outcome}: ${next.words}`)
    const after = stand.seen()
    const records = await stand.records()
    check(records.at(-2)?.outcome === outcome, `the record of the run that was struck says ${records.at(-2)?.outcome}`)
    check((await stand.reservations()) === reservations, 'reservations were lost')
    faults.push(...between.faults, ...after.faults)
    check(after.leavings.length === 0, `the next run left ${after.leavings.join(', ')}`)
    check(newestStays(between, after), 'the newest good backup went')
    check(after.local.length > 0 && after.remote.length > 0, 'there is no backup in one of both places')
    const left = `${between.leavings.length} leavings`
    const counts = (seen: Seen) => `${seen.local.length} on the disk, ${seen.remote.length} in the bucket`
    const gone = goes > 0 ? `, ${goes} past their time` : ''
    return {
      what,
      counts: `${reservations} reservations before and after; backups then: ${counts(between)}, ${left}${gone}; after the next run: ${counts(after)}, none`,
      faults,
    }
  } finally {
    await stand.end().catch(() => undefined)
  }
}

/** What was the newest before the next run is there after it, in both places. */
const newestStays = (between: Seen, after: Seen) =>
  [
    [between.local.at(-1), after.local],
    [between.remote.at(-1), after.remote],
  ].every(([newest, all]) => typeof newest === 'string' && Array.isArray(all) && all.includes(newest))

/** Old ones beside it, as if they had been taken so many days before. */
export const plantOld = ({ folder }: BackupStand, days: readonly number[]) => {
  const own = join(folder, 'database')
  const [name = ''] = readdirSync(own).filter((one) => one.endsWith('.manifest.json'))
  const manifest = readManifest(readFileSync(join(own, name), 'utf8'))
  return days.map((age) => {
    const taken = Date.parse(manifest.taken) - age * 86_400_000
    const names = namesOf('database', taken)
    copyFileSync(join(own, manifest.file), join(own, names.file))
    const old = { ...manifest, taken: new Date(taken).toISOString(), file: names.file }
    writeFileSync(join(own, names.manifest), writeManifest(old))
    return names
  })
}

const killedAt = async (stand: BackupStand, kill: { readonly at: 'rename' | 'rm'; readonly path: string }) => {
  const { by } = await stand.child({ kill }).ended
  return by === 'SIGKILL' ? [] : [killed]
}

const noRoom = /ENOSPC|no space left/i

/** Somebody fills the disk behind the look at its room, once the dump is on its way there. */
const filledMeanwhile = async (stand: BackupStand, disk: OwnDisk | undefined) => {
  const running = stand.run()
  await eventually(() => written(stand) > 1e6, Boolean, { every: 2 })
  disk?.fill()
  return running
}

const fullDisk: Blow = {
  what: 'somebody filled the disk of the backups (ENOSPC) once 1 MB of the encrypted dump was on it, and made room again',
  outcome: 'failed',
  disk: { holds: 'backups', megabytes: 96 },
  strike: async (stand, disk) => {
    const { failures } = await filledMeanwhile(stand, disk)
    const { leavings } = stand.seen()
    disk?.free()
    return [
      ...(noRoom.test(failures.join()) ? [] : [`it did not say that there is no room: ${failures}`]),
      ...(leavings.length === 0 ? [] : [`it left ${leavings} on the full disk`]),
    ]
  },
}

/** What there is where nothing can be mounted. */
const limitedFile = (why: string): Blow => ({
  what: `${why}: instead no file may be larger than 2 MB (EFBIG at a write, in the middle of the dump)`,
  outcome: 'failed',
  strike: async (stand) => {
    const { ended, said } = stand.child({ most: 4_096 })
    const { code } = await ended
    return code === 1 && /EFBIG|ENOSPC/.test(said()) ? [] : [`it ended with ${code}: ${said()}`]
  },
})

const fullJobs: Blow = {
  what: 'somebody filled the disk of the records (ENOSPC) while a backup ran; another run began there; then there was room',
  outcome: 'refused',
  disk: { holds: 'jobs', megabytes: 2 },
  strike: async (stand, disk) => {
    const ran = await filledMeanwhile(stand, disk)
    const begun = await stand.run()
    disk?.free()
    const outcomes = (await stand.records()).map((one) => one.outcome).join()
    return [
      ...(ran.outcome === 'succeeded' ? [] : [`the run ${ran.outcome}: ${ran.words}`]),
      ...(/make room there/.test(begun.words) ? [] : [`the run that began there said ${begun.words}`]),
      ...(outcomes === 'succeeded,succeeded,refused' ? [] : [`the records say ${outcomes}`]),
    ]
  },
}

const blows: Readonly<Record<string, Blow>> = {
  'kill -9 during the dump': {
    what: 'SIGKILL as soon as pg_dump reads',
    outcome: 'killed',
    strike: async (stand) => ((await stand.child().killWhen(() => dumping(stand))) ? [] : [killed]),
  },
  'kill -9 during the encryption': {
    what: 'SIGKILL once 1 MB of the encrypted dump is on the disk',
    outcome: 'killed',
    strike: async (stand) => ((await stand.child().killWhen(() => written(stand) > 1e6)) ? [] : [killed]),
  },
  'kill -9 before the renaming': {
    what: 'SIGKILL right before the dump gets its name',
    outcome: 'killed',
    strike: (stand) => killedAt(stand, { at: 'rename', path: '.dump.gz.age' }),
  },
  'kill -9 in the renaming': {
    what: 'SIGKILL after the dump has its name, right before its manifest has',
    outcome: 'killed',
    strike: (stand) => killedAt(stand, { at: 'rename', path: '.manifest.json' }),
  },
  'kill -9 during the upload': {
    what: 'SIGKILL once two parts are in the bucket',
    outcome: 'killed',
    strike: async (stand) => ((await stand.child().killWhen(() => stand.s3.parts().length >= 2)) ? [] : [killed]),
  },
  'kill -9 before the manifest is sent': {
    what: 'SIGKILL once the dump is in the bucket, before its manifest is',
    outcome: 'killed',
    strike: async (stand) => {
      const files = () => [...stand.s3.objects('database').keys()]
      const count = files().length
      // Less than what both add.
      return (await stand.child().killWhen(() => files().length === count + 1)) ? [] : [killed]
    },
  },
  'kill -9 during the retention': {
    what: 'SIGKILL when the manifest of one past its time is removed, and its dump is not',
    outcome: 'killed',
    goes: 2,
    strike: (stand) => {
      const [, , , oldest] = plantOld(stand, [31, 32, 33, 34])
      return killedAt(stand, { at: 'rm', path: oldest?.file ?? '' })
    },
  },
  'the disk is full': withoutDisk === undefined ? fullDisk : limitedFile(withoutDisk),
  'the disk of the records is full': fullJobs,
  'PostgreSQL is gone in the middle': {
    what: 'SIGKILL to the server once 1 MB of the dump is on the disk; started again',
    outcome: 'failed',
    strike: async (stand) => {
      const { postgres } = stand
      const { ended, said } = stand.child()
      await eventually(() => written(stand) > 1e6, Boolean, { every: 2 })
      stand.client.on('error', () => undefined)
      process.kill(postgres.pid, 'SIGKILL')
      const { code } = await ended
      await postgres.exited
      await stand.again()
      return code === 1 ? [] : [`it ended with ${code}: ${said()}`]
    },
  },
  'the bucket is gone in the middle': {
    what: 'SIGKILL to the server of the bucket once two parts are there; started again',
    outcome: 'failed',
    strike: async (stand) => {
      const { ended, said } = stand.child()
      await eventually(() => stand.s3.parts().length >= 2, Boolean, { every: 2 })
      process.kill(stand.s3.pid, 'SIGKILL')
      const { code } = await ended
      await stand.s3.exited
      await stand.s3.again()
      return code === 1 ? [] : [`it ended with ${code}: ${said()}`]
    },
  },
}

/** `npm run prove -- jobs`. */
export const cases: readonly Case[] = Object.entries(blows).map(([name, blow]) => ({
  name: `backup: ${name}`,
  prove: (shop) => played(shop, blow),
}))
