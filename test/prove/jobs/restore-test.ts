import { spawn } from 'node:child_process'
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generateX25519Identity } from 'age-encryption'
import { Client } from 'pg'
import { startPostgres } from '../../../compose/local/postgres.ts'
import { readEnv } from '../../../config/env.ts'
import type { JobRecord } from '../../../exporters/jobs/record.ts'
import { restoreTestJob } from '../../../jobs/restore-test/index.ts'
import { runJob } from '../../../jobs/runner.ts'
import { eventually, portOf } from '../../integration/servers.ts'
import { type BackupStand, backupStand } from './backup-stand.ts'
import type { Case, Proven, Shop } from './case.ts'
import { type Disk, type OwnDisk, onOwnDisk } from './own-disk.ts'
import { at, restoring, slowly } from './restore-test-stand.ts'

const scratch = 'techplus_restore_test'
const childPath = fileURLToPath(new URL('restore-test-child.ts', import.meta.url))

/** What backups there are, by the job that makes them, and a second server on which they are restored. */
const restoreTestStand = async (shop: Shop) => {
  const backups = await backupStand(shop, { megabytes: 4 })
  await backups.client.query(slowly(2))
  const uploads = join(shop.folder, 'uploads')
  mkdirSync(uploads)
  for (let n = 0; n < 200; n++) writeFileSync(join(uploads, `menu-${n}.pdf`), String(n).repeat(10_000))
  const target = await shop.postgres()
  const admin = await connected(target.url)
  await admin.query(`create role restore_test login createdb password 'scratch'`)
  const variables: Readonly<Record<string, string>> = {
    ...backups.variables,
    BACKUP_FILES: uploads,
    BACKUP_IDENTITY: backups.identity,
    RESTORE_DATABASE_URL: at(target.url, 'postgres', ['restore_test', 'scratch']),
    RESTORE_DIR: join(shop.folder, 'restore'),
  }
  const saved = [await backups.run(variables), await backups.run(variables, {}, 'backup-files')]
  for (const { outcome, words } of saved) if (outcome !== 'succeeded') throw new Error(`no backup: ${words}`)
  let now = admin
  return {
    backups,
    target,
    get admin() {
      return now
    },
    /** The server of the scratch database, started anew. */
    again: async () => {
      const dataDir = target.log.replace(/\.log$/, '')
      shop.keep(await startPostgres({ dataDir, port: portOf(target.url), durable: false }))
      now = await connected(target.url)
    },
    run: (more: Readonly<Record<string, string>> = {}): Promise<JobRecord> =>
      runJob(restoreTestJob(readEnv({ ...variables, ...more })), {
        folder: backups.variables.JOBS_DIR,
        signal: new AbortController().signal,
        tell: () => undefined,
      }),
    child: () => started(variables),
    /** Databases and folders of a restore that are there. */
    left: async () => {
      const found = await now.query('select from pg_database where datname = $1', [scratch])
      const folders = existsSync(join(shop.folder, 'restore')) ? readdirSync(join(shop.folder, 'restore')) : []
      return (found.rowCount ?? 0) + folders.filter((name) => name.startsWith('.tmp-')).length
    },
    end: async () => {
      await now.end().catch(() => undefined)
      await backups.end()
    },
  }
}
type Stand = Awaited<ReturnType<typeof restoreTestStand>>

const connected = async (url: string) => {
  const client = new Client(url)
  client.on('error', () => undefined)
  await client.connect()
  return client
}

const started = (env: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, ['--import', 'tsx', childPath], {
    env: { ...process.env, TASK: JSON.stringify(env) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
  let over = false
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      over = true
      resolve()
    })
  })
  return {
    ended,
    said: () => said,
    /** As soon as something is so. False where the run ended before. */
    killWhen: async (ready: () => boolean | Promise<boolean>) => {
      await eventually(async () => over || (await ready()), Boolean, { every: 2, within: 120_000 })
      const was = !over
      child.kill('SIGKILL')
      await ended
      return was
    },
  }
}

interface Blow {
  readonly what: string
  /** @returns faults of what came of it, and of the case itself */
  strike(stand: Stand, disk: OwnDisk | undefined): Promise<readonly string[]>
  /** What is on a disk of its own. */
  readonly disk?: Disk<'restore' | 'tables'>
}

/** What is there and has to stay: reservations, and backups as they are. */
const stock = async (backups: BackupStand) => {
  const { local, remote, faults } = backups.seen()
  return { reservations: await backups.reservations(), local: local.length, remote: remote.length, faults }
}

const played = (shop: Shop, blow: Blow): Promise<Proven> =>
  blow.disk ? onOwnDisk(shop, blow.disk, (disk) => playedOn(shop, blow, disk)) : playedOn(shop, blow, undefined)

const playedOn = async (shop: Shop, { what, strike }: Blow, disk: OwnDisk | undefined): Promise<Proven> => {
  const stand = await restoreTestStand(shop)
  const { backups } = stand
  try {
    const before = await stock(backups)
    const faults = [...(await strike(stand, disk))]
    const left = await stand.left()
    const next = await stand.run()
    if (next.outcome !== 'succeeded') faults.push(`the next run ${next.outcome}: ${next.failures.join('; ')}`)
    const after = await stock(backups)
    if (JSON.stringify(after) !== JSON.stringify(before))
      faults.push(`there was ${JSON.stringify(before)}, and now is ${JSON.stringify(after)}`)
    const still = await stand.left()
    if (still > 0) faults.push(`${still} scratch databases and folders are left after the next run`)
    const counts = `${before.reservations} reservations before, ${after.reservations} after; ${before.local} backup here and ${before.remote} in the bucket, before and after; ${left} scratch databases and folders between the runs, ${still} after the next, which ${next.outcome}`
    return { what, counts, faults }
  } finally {
    await stand.end()
  }
}

/** One that did not do what was wanted of it, and left something although it was not killed. */
const ended = async (stand: Stand, record: JobRecord, outcome: JobRecord['outcome'], words: RegExp) => {
  const said = record.failures.join('; ')
  const left = await stand.left()
  return [
    ...(record.outcome === outcome ? [] : [`the run ${record.outcome}: ${said}`]),
    ...(words.test(said) ? [] : [`it did not say ${words}: ${said}`]),
    ...(left === 0 ? [] : [`${left} scratch databases and folders are left`]),
  ]
}

const moments: readonly (readonly [string, (stand: Stand) => Promise<boolean>])[] = [
  [
    'the scratch database was there',
    async ({ admin }) => (await admin.query('select from pg_database where datname = $1', [scratch])).rowCount !== 0,
  ],
  ['rows were copied', ({ admin }) => restoring(admin, 'copy ')],
  ['an index was built', ({ admin }) => restoring(admin, 'create index tables_slow')],
]

/** The file of the newest backup of the database in the bucket. */
const object = ({ backups }: Stand) => {
  const [file] = [...backups.s3.objects('database')].filter(([name]) => name.endsWith('.age')).map(([, path]) => path)
  if (file === undefined) throw new Error('there is no backup in the bucket')
  return file
}

/** Does something to the object, has a run, and puts it back. */
const spoilt = async (stand: Stand, spoil: (file: string, bytes: Buffer) => void) => {
  const file = object(stand)
  const bytes = readFileSync(file)
  spoil(file, bytes)
  try {
    return await stand.run()
  } finally {
    writeFileSync(file, bytes)
  }
}

/** How many files of an archive are unpacked. */
const unpacked = ({ backups }: Stand) => {
  const restore = join(backups.folder, '..', 'restore')
  if (!existsSync(restore)) return 0
  return readdirSync(restore, { recursive: true }).filter((name) => String(name).endsWith('.pdf')).length
}

/** Has a run, lets somebody fill the disk once something is so, and makes room again behind its end. */
const filledOnce = async (stand: Stand, disk: OwnDisk | undefined, ready: () => boolean | Promise<boolean>) => {
  const running = stand.run()
  await eventually(ready, Boolean, { every: 2 })
  disk?.fill()
  const faults = await ended(stand, await running, 'failed', /ENOSPC|no space left/i)
  disk?.free()
  return faults
}

/** Tables of the scratch database are kept on a disk of their own, while the write-ahead log has room. */
const tablesOn = async ({ admin, target }: Stand, { folder }: OwnDisk) => {
  const { uid, gid } = statSync(target.log.replace(/\.log$/, ''))
  chownSync(folder, uid, gid)
  await admin.query(`create tablespace small location '${folder}'`)
  await admin.query('grant create on tablespace small to restore_test')
  await admin.query('alter role restore_test set default_tablespace = small')
}

const blows: readonly (readonly [string, Blow])[] = [
  ...moments.map(([when, ready]): readonly [string, Blow] => [
    `kill -9 when ${when}`,
    {
      what: `killed once ${when}`,
      strike: async (stand) =>
        (await stand.child().killWhen(() => ready(stand))) ? [] : ['it was not killed: the run was over before'],
    },
  ]),
  [
    'kill -9 when files were unpacked',
    {
      what: 'killed once a hundred files of an archive were unpacked',
      strike: async (stand) =>
        (await stand.child().killWhen(() => unpacked(stand) > 100))
          ? []
          : ['it was not killed: the run was over before'],
    },
  ],
  [
    'the disk it unpacks to is full',
    {
      what: 'somebody filled the disk of RESTORE_DIR (ENOSPC) once twenty files of an archive were unpacked, and made room again',
      // The look before wants 256 MiB to be left over.
      disk: { holds: 'restore', megabytes: 320 },
      strike: (stand, disk) => filledOnce(stand, disk, () => unpacked(stand) > 20),
    },
  ],
  [
    'the disk of the scratch database is full',
    {
      what: 'somebody filled the disk with the tables of the scratch database (ENOSPC) while an index was built, and made room again',
      disk: { holds: 'tables', megabytes: 64 },
      strike: async (stand, disk) => {
        if (disk) await tablesOn(stand, disk)
        return filledOnce(stand, disk, () => restoring(stand.admin, 'create index tables_slow'))
      },
    },
  ],
  [
    'server gone',
    {
      what: 'the server of the scratch database was killed while an index was built, and started again',
      strike: async (stand) => {
        const running = stand.run()
        await eventually(() => restoring(stand.admin, 'create index tables_slow'), Boolean, { every: 5 })
        process.kill(stand.target.pid, 'SIGKILL')
        const record = await running
        await stand.again()
        return record.outcome === 'failed' ? [] : [`the run ${record.outcome}`]
      },
    },
  ],
  [
    'bucket gone',
    {
      what: 'the server of the bucket was killed after the run had looked at it, and started again',
      strike: async (stand) => {
        const running = stand.run()
        await eventually(() => restoring(stand.admin, 'create index tables_slow'), Boolean, { every: 5 })
        process.kill(stand.backups.s3.pid, 'SIGKILL')
        const record = await running
        await stand.backups.s3.again()
        return ended(stand, record, 'failed', /nobody answers at/)
      },
    },
  ],
  [
    'wrong key',
    {
      what: 'a run had another key',
      strike: async (stand) =>
        ended(
          stand,
          await stand.run({ BACKUP_IDENTITY: await generateX25519Identity() }),
          'refused',
          /is for another key/,
        ),
    },
  ],
  [
    'object altered',
    {
      what: 'one bit of the object in the bucket was another, in the middle of it',
      strike: async (stand) => {
        const record = await spoilt(stand, (file, bytes) => {
          const other = Buffer.from(bytes)
          const middle = Math.floor(bytes.length / 2)
          other[middle] = (other[middle] ?? 0) ^ 1
          writeFileSync(file, other)
        })
        return ended(stand, record, 'failed', /database-\w+\.dump\.gz\.age of bucket .* is altered/)
      },
    },
  ],
  [
    'object truncated',
    {
      what: 'the object in the bucket had lost its last 1000 bytes',
      strike: async (stand) =>
        ended(
          stand,
          await spoilt(stand, (file, bytes) => truncateSync(file, bytes.length - 1_000)),
          'refused',
          /is truncated: it has/,
        ),
    },
  ],
  [
    "somebody else's database",
    {
      what: 'a database of somebody else had the name of the scratch database, and was renamed afterwards',
      strike: async (stand) => {
        await stand.admin.query(`create database ${scratch} owner restore_test`)
        const record = await stand.run()
        const faults = record.outcome === 'refused' ? [] : [`the run ${record.outcome}`]
        await stand.admin.query(`alter database ${scratch} rename to of_somebody_else`)
        return faults
      },
    },
  ],
]

export const cases: readonly Case[] = blows.map(([name, blow]) => ({
  name: `restore-test: ${name}`,
  prove: (shop) => played(shop, blow),
}))
