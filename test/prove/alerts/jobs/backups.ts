import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  backupMissing,
  backupStale,
  backupTooSmall,
  configurationBackupStale,
  fileBackupStale,
} from '../../../../alerts/jobs/backups.ts'
import { backupFailing } from '../../../../alerts/jobs/runs.ts'
import { type BackupStand, backupStand } from '../../jobs/backup-stand.ts'
import { again } from '../again.ts'
import type { Adjustment, Expected, Provocation, Watch } from '../provocation.ts'
import { endsAs, inFolder, type Shop, silent } from './stand.ts'

const aDay = 'nobody waits so long for it: half a minute is old'
export const backupsAdjusted: readonly Adjustment[] = [
  { alert: backupStale, numbers: { '> 108000': '> 30' }, why: aDay },
  { alert: fileBackupStale, numbers: { '> 691200': '> 30' }, why: aDay },
  { alert: configurationBackupStale, numbers: { '> 2851200': '> 30' }, why: aDay },
]

const instance = 'backups'
const of = (alert: Expected['alert'], labels: Expected['labels'] = {}): Expected => ({
  alert,
  labels: { instance, ...labels },
})

const pictures = (megabytes: number) => `
  insert into pictures select n, (select string_agg(md5(n || '-' || m), '') from generate_series(1, 32) m)
  from generate_series(1, ${megabytes * 1_024}) n`

const daily = (stand: BackupStand, watch: Watch): readonly Provocation[] => {
  const well = () => endsAs(stand.run(), 'succeeded')
  const stale = of(backupStale, { kind: 'database', place: 'local' })
  const refused = again(5_000, () => endsAs(stand.run(), 'refused'))
  return [
    {
      fault: 'the Redis that is saved as well hangs (SIGSTOP), and every backup is refused for so long',
      fires: [
        stale,
        of(backupStale, { kind: 'database', place: 'remote' }),
        of(backupStale, { kind: 'redis', place: 'local' }),
      ],
      before: async () => {
        await well()
        await silent(watch, stale)
      },
      bring: async () => {
        process.kill(stand.redis.pid, 'SIGSTOP')
        await endsAs(stand.run(), 'refused')
        await refused.begin()
      },
      end: async () => {
        await refused.end()
        process.kill(stand.redis.pid, 'SIGCONT')
        await well()
      },
    },
    {
      fault: 'most of what is in the database is deleted, and a backup is made of the rest',
      fires: [of(backupTooSmall, { kind: 'database' })],
      before: well,
      bring: async () => {
        await stand.client.query('truncate pictures')
        await well()
      },
      end: async () => {
        await stand.client.query(pictures(4))
        await well()
      },
    },
    {
      fault: 'the key of the bucket is no longer the one that the backup has',
      fires: [of(backupFailing, { job_name: 'backup' })],
      before: well,
      bring: async () => {
        const { outcome } = await stand.run({ BACKUP_S3_ACCESS_KEY_ID: 'another' })
        if (outcome === 'succeeded') throw new Error('the bucket takes any key')
      },
      end: well,
    },
    {
      fault: 'the folder of backups is another, an empty one, and a table is locked for so long that the dump fails',
      fires: [of(backupMissing, { kind: 'database', place: 'local' })],
      before: well,
      bring: async () => {
        await stand.client.query('begin; lock table pictures in access exclusive mode')
        const folder = join(stand.folder, '..', 'empty')
        mkdirSync(folder, { recursive: true })
        await endsAs(stand.run({ BACKUP_DIR: folder }), 'failed')
      },
      end: async () => {
        await stand.client.query('rollback')
        await well()
      },
    },
  ]
}

const folderFault = (
  stand: BackupStand,
  watch: Watch,
  job: 'backup-files' | 'backup-configuration',
  [alert, kind]: readonly [Expected['alert'], string],
): Provocation => {
  const folder = join(stand.folder, '..', `what-${kind}`)
  const variable = job === 'backup-files' ? 'BACKUP_FILES' : 'BACKUP_CONFIGURATION'
  const run = () => stand.run({ [variable]: folder }, {}, job)
  const well = () => endsAs(run(), 'succeeded')
  const refused = again(5_000, () => endsAs(run(), 'refused'))
  const stale = of(alert, { kind, place: 'local' })
  return {
    fault: `the folder that a backup of ${kind} saves is called otherwise since: every backup is refused for so long`,
    fires: [stale],
    before: async () => {
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'one.txt'), 'of the restaurant')
      await well()
      await silent(watch, stale)
    },
    bring: async () => {
      renameSync(folder, `${folder}-2`)
      await endsAs(run(), 'refused')
      await refused.begin()
    },
    end: async () => {
      await refused.end()
      renameSync(`${folder}-2`, folder)
      await well()
    },
  }
}

/** Backups of real servers, to a disk and to a bucket. */
export const openBackups = async (shop: Shop) => {
  const stand = await backupStand(inFolder(shop, 'backup-stand'), { megabytes: 4 })
  return {
    watched: { [instance]: { folder: stand.variables.JOBS_DIR } },
    lanes: (watch: Watch): readonly (readonly Provocation[])[] => [
      daily(stand, watch),
      [
        folderFault(stand, watch, 'backup-files', [fileBackupStale, 'files']),
        folderFault(stand, watch, 'backup-configuration', [configurationBackupStale, 'configuration']),
      ],
    ],
    end: stand.end,
  }
}
