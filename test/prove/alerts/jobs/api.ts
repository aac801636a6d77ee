import { createServer } from 'node:http'
import { join } from 'node:path'
import { restartedOften, restartGivenUp, schemaAhead, updateUndone } from '../../../../alerts/jobs/api.ts'
import { jobRefused, jobUndecided } from '../../../../alerts/jobs/runs.ts'
import { cleanupSetting } from '../../../../config/cleanup.ts'
import { readEnv } from '../../../../config/env.ts'
import { restartSetting } from '../../../../config/restart.ts'
import { cleanupJob } from '../../../../jobs/cleanup/index.ts'
import { restartJob } from '../../../../jobs/restart/index.ts'
import { freePort } from '../../../integration/servers.ts'
import { bookedDatabase, databaseAlone } from '../../jobs/cleanup-stand.ts'
import { updateStand } from '../../jobs/update-stand.ts'
import type { Provocation } from '../provocation.ts'
import { endsAs, inFolder, runOf, type Shop } from './stand.ts'

/** An API that can be sick, and what restarts it. */
const openRestarts = async (shop: Shop) => {
  const instance = 'restarts'
  const folder = join(shop.folder, 'jobs-restarts')
  const port = await freePort()
  const state = { healthy: true, mends: true }
  const server = createServer((_, response) => {
    response.writeHead(state.healthy ? 200 : 503).end()
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const how = {
    ...restartSetting,
    failures: 1,
    secondsBetween: 0,
    readySeconds: 1,
    attempts: 2,
    pauseSeconds: 1,
    perHour: 100,
  }
  const driver = {
    words: 'restart the API of the scene',
    check: async () => undefined,
    restart: async () => {
      state.healthy = state.mends
    },
  }
  const env = readEnv({ API_URL: `http://127.0.0.1:${port}`, JOBS_DIR: folder })
  const look = () => runOf(restartJob(env, { how, driver }), folder)
  const lane: readonly Provocation[] = [
    {
      fault: 'the API stays unhealthy however often it is restarted',
      fires: [{ alert: restartGivenUp, labels: { instance } }],
      before: look,
      bring: async () => {
        Object.assign(state, { healthy: false, mends: false })
        await look()
      },
      end: async () => {
        state.healthy = true
        await look()
      },
    },
    {
      fault: 'the API fails again after each restart',
      fires: [{ alert: restartedOften, labels: { instance } }],
      before: look,
      bring: async () => {
        state.mends = true
        for (const _ of [1, 2, 3, 4, 5]) {
          state.healthy = false
          await look()
          // Each is a second of its own for Prometheus.
          await new Promise((resolve) => setTimeout(resolve, 3_000))
        }
      },
      end: look,
      // Six hours, and what it goes on firing for.
      patience: 300,
    },
  ]
  return { watched: { [instance]: { folder } }, lane, end: async () => void server.close() }
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
