import { createServer } from 'node:http'
import { join } from 'node:path'
import { restartedOften, restartGivenUp, schemaAhead, updateUndone } from '../../../../alerts/jobs/api.ts'
import { jobRefused, jobUndecided } from '../../../../alerts/jobs/runs.ts'
import { cleanupSetting } from '../../../../config/cleanup.ts'
import { readEnv } from '../../../../config/env.ts'
import { type RestartSetting, restartSetting } from '../../../../config/restart.ts'
import { cleanupJob } from '../../../../jobs/cleanup/index.ts'
import { restartJob } from '../../../../jobs/restart/index.ts'
import { bookedDatabase, databaseAlone } from '../../jobs/cleanup-stand.ts'
import { pm2Stand } from '../../jobs/restart-stand.ts'
import { updateStand } from '../../jobs/update-stand.ts'
import type { Provocation } from '../provocation.ts'
import { endsAs, inFolder, runOf, type Shop } from './stand.ts'

/** An API under PM2, and what restarts it. */
const openRestarts = async (shop: Shop) => {
  const instance = 'restarts'
  const folder = join(shop.folder, 'jobs-restarts')
  const { pm2, end, process: name, home, port, url, healthy, hang } = await pm2Stand(inFolder(shop, 'restart-stand'))
  const how: RestartSetting = {
    ...{ ...restartSetting, driver: { by: 'pm2', process: name, home } },
    ...{ failures: 1, secondsBetween: 0, readySeconds: 10, attempts: 2, pauseSeconds: 1, perHour: 100 },
  }
  const env = readEnv({ API_URL: url, JOBS_DIR: folder })
  const look = () => runOf(restartJob(env, { how }), folder)
  const other = createServer((_, response) => {
    response.writeHead(404).end()
  })
  const lane: readonly Provocation[] = [
    {
      fault: 'the API was stopped and another program has its port: PM2 starts it, and it ends again and again',
      fires: [{ alert: restartGivenUp, labels: { instance } }],
      before: () => endsAs(look(), 'succeeded'),
      bring: async () => {
        await pm2('stop', name)
        await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve))
        await endsAs(look(), 'failed')
      },
      end: async () => {
        other.closeAllConnections()
        await new Promise((resolve) => other.close(resolve))
        await pm2('restart', name)
        await healthy()
        await endsAs(look(), 'succeeded')
      },
    },
    {
      fault: 'the API hangs again after each restart by PM2',
      fires: [{ alert: restartedOften, labels: { instance } }],
      before: look,
      bring: async () => {
        for (const _ of [1, 2, 3, 4, 5]) {
          await hang()
          await endsAs(look(), 'succeeded')
        }
      },
      end: look,
      // Six hours, and what it goes on firing for.
      patience: 300,
    },
  ]
  return { watched: { [instance]: { folder } }, lane, end }
}

const openCleanups = async (shop: Shop) => {
  const instance = 'cleanups'
  const folder = join(shop.folder, 'jobs-cleanups')
  const { url } = await shop.postgres()
  const client = await bookedDatabase(url)
  const env = readEnv({ JOBS_DATABASE_URL: url, JOBS_DIR: folder })
  const other = Object.assign(new URL(url), { password: 'another' })
  const locked = readEnv({ JOBS_DATABASE_URL: other.href, JOBS_DIR: folder })
  const clean = (most: number, of = env) => {
    const what = databaseAlone({}, { ...cleanupSetting.ceilings, reservations: most })
    return runOf(cleanupJob(of, { what }), folder)
  }
  const lane: readonly Provocation[] = [
    {
      fault: 'more reservations are past their time than may go without a word',
      fires: [{ alert: jobUndecided, labels: { instance, job_name: 'cleanup' } }],
      bring: () => endsAs(clean(10), 'undecided'),
      end: () => endsAs(clean(10_000), 'succeeded'),
    },
    {
      fault: 'the login of the cleanup has another password',
      fires: [{ alert: jobRefused, labels: { instance, job_name: 'cleanup' } }],
      bring: () => endsAs(clean(10_000, locked), 'refused'),
      end: () => endsAs(clean(10_000), 'succeeded'),
    },
  ]
  return { watched: { [instance]: { folder } }, lane, end: () => client.end() }
}

const openUpdates = async (shop: Shop) => {
  const instance = 'updates'
  const stand = await updateStand(inFolder(shop, 'update-stand'))
  const update = async () => {
    const run = stand.start()
    await run.ended
    return run.said()
  }
  const lane: readonly Provocation[] = [
    {
      fault: 'a release is pushed that is not healthy',
      fires: [{ alert: updateUndone, labels: { instance } }],
      bring: async () => {
        stand.origin.push({ version: '1.1.0', healthy: false })
        await update()
      },
      end: async () => {
        stand.origin.push({ version: '1.1.1' })
        await update()
      },
    },
    {
      fault: 'a release is pushed that migrates, is not healthy, and has no way back',
      fires: [{ alert: schemaAhead, labels: { instance } }],
      bring: async () => {
        stand.origin.push({ version: '1.2.0', healthy: false, column: 'allergies', rollback: 'none' })
        await update()
      },
      end: async () => {
        // What was migrated stays, and the code of this one fits it.
        stand.origin.push({ version: '1.2.1' })
        await update()
      },
    },
  ]
  return { watched: { [instance]: { folder: stand.env.JOBS_DIR } }, lane, end: stand.end }
}

/** What looks after the API, and its reservations. */
export const openApi = async (shop: Shop) => {
  const all = [await openRestarts(shop), await openCleanups(shop), await openUpdates(shop)]
  return {
    watched: Object.fromEntries(all.flatMap(({ watched }) => Object.entries(watched))),
    lanes: () => all.map(({ lane }) => lane),
    end: async () => {
      for (const { end } of all) await end()
    },
  }
}
