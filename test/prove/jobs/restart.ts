import { join } from 'node:path'
import type { RestartSetting } from '../../../config/restart.ts'
import { placesOf } from '../../../exporters/jobs/folder.ts'
import { readState } from '../../../jobs/restart/state.ts'
import { eventually } from '../../integration/servers.ts'
import type { Case } from './case.ts'
import { begun } from './cleanup.ts'
import { npmPrograms, pm2Stand, quickly } from './restart-stand.ts'

const duringRestart: Case = {
  name: 'restart: kill -9 while PM2 restarts the API',
  prove: async (shop) => {
    const stand = await pm2Stand(shop, 'killed')
    const folder = join(shop.folder, 'restart-jobs')
    const how: RestartSetting = {
      ...quickly,
      readySeconds: 60,
      driver: { by: 'pm2', process: stand.process, home: stand.home },
    }
    const task = { env: { API_URL: stand.url, JOBS_DIR: folder }, how }
    const more = { PATH: `${npmPrograms}:${process.env.PATH}` }
    const faults: string[] = []
    try {
      const before = stand.starts().length
      stand.slowBy(1_000)
      await stand.fallIll()
      const run = begun(task, more)
      await eventually(run.said, (said) => said.includes('\npm2 restart'), { every: 2, within: 60_000 })
      await run.kill()
      const { restarts } = await readState(placesOf(folder, 'restart').own)
      if (restarts.length !== 1) faults.push(`${restarts.length} restarts were noted before the kill`)
      const next = begun(task, more)
      if ((await next.over) !== 0) faults.push(`the next run did not succeed: ${next.said()}`)
      const status = await stand.status()
      if (status !== 200) faults.push(`the API answers ${status}`)
      const starts = stand.starts().length - before
      if (starts > 2) faults.push(`the API was started ${starts} times`)
      return {
        what: 'killed right after it asked PM2 for the restart',
        counts: `1 API before, 1 healthy API after the next run; it was started ${starts} times, and ${restarts.length} restart was noted before the kill`,
        faults,
      }
    } finally {
      await stand.end()
    }
  },
}

export const cases: readonly Case[] = [duringRestart]
