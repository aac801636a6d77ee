import { truncateSync } from 'node:fs'
import { restoreTestFailing, restoreTestFaulty, restoreUntested } from '../../../../alerts/jobs/restores.ts'
import { type RestoreStand, restoreStand } from '../../jobs/restore-test-stand.ts'
import { again } from '../again.ts'
import type { Adjustment, Provocation, Watch } from '../provocation.ts'
import { endsAs, inFolder, type Shop, silent } from './stand.ts'

export const restoresAdjusted: readonly Adjustment[] = [
  {
    alert: restoreUntested,
    numbers: { '> 1209600': '> 30' },
    why: 'nobody waits two weeks for it: half a minute is long',
  },
]

const instance = 'restores'
const found = (fault: string) => ({ alert: restoreTestFaulty, labels: { instance, kind: 'database', fault } })

const faults = (stand: RestoreStand, watch: Watch): readonly Provocation[] => {
  // Each is newer than the one before.
  let taken = Date.now() - 600_000
  const save = (plant = '') => {
    taken += 2_000
    return stand.save({ taken, plant })
  }
  const well = async () => {
    await save()
    await endsAs(stand.run(), 'succeeded')
  }
  const refused = again(5_000, () => endsAs(stand.run(), 'refused'))
  const untested = { alert: restoreUntested, labels: { instance } }
  const planted = (plant: string) => async () => {
    await save(plant)
    await endsAs(stand.run(), 'failed')
  }
  return [
    {
      fault: 'the login that restores may make no databases any more: every test is refused for so long',
      fires: [untested],
      before: async () => {
        await well()
        await silent(watch, untested)
      },
      bring: async () => {
        await stand.admin.query('alter role restore_test nocreatedb')
        await endsAs(stand.run(), 'refused')
        await refused.begin()
      },
      end: async () => {
        await refused.end()
        await stand.admin.query('alter role restore_test createdb')
        await well()
      },
    },
    {
      fault: 'a reservation is missing in the backup',
      fires: [found('rows')],
      before: well,
      bring: planted('delete from reservations where id = (select id from reservations limit 1)'),
      end: well,
    },
    {
      fault: 'a constraint and an index are missing in the backup',
      fires: [found('constraints'), found('indexes')],
      before: well,
      bring: planted('alter table payments drop constraint payments_pkey cascade'),
      end: well,
    },
    {
      fault: 'the file of the backup is cut off',
      fires: [{ alert: restoreTestFailing, labels: { instance, outcome: 'refused' } }],
      before: well,
      bring: async () => {
        const { file } = await save()
        truncateSync(file, 2_000)
        await endsAs(stand.run(), 'refused')
      },
      end: well,
    },
    {
      fault: 'the key that opens the backups is not set any more',
      fires: [{ alert: restoreTestFailing, labels: { instance, outcome: 'refused' } }],
      before: well,
      bring: () => endsAs(stand.run(stand.job({ BACKUP_IDENTITY: '' })), 'refused'),
      end: well,
    },
  ]
}

/** Restores of real backups on a real server. */
export const openRestores = async (shop: Shop) => {
  const stand = await restoreStand(inFolder(shop, 'restore-stand'))
  return {
    watched: { [instance]: { folder: stand.folders.jobs } },
    lanes: (watch: Watch): readonly (readonly Provocation[])[] => [faults(stand, watch)],
    end: stand.end,
  }
}
