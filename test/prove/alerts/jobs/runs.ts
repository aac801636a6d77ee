import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { jobFailing, jobKilled } from '../../../../alerts/jobs/runs.ts'
import {
  jobHanging,
  jobOverdue,
  jobOvertime,
  jobRecordsUnreadable,
  schedulerGone,
} from '../../../../alerts/jobs/schedule.ts'
import { jobs } from '../../../../config/jobs.ts'
import { readKept } from '../../../../exporters/jobs/folder.ts'
import { settleJob } from '../../../../jobs/runner.ts'
import { runSchedule } from '../../../../jobs/scheduler.ts'
import { bundleOurs } from '../../../bench/contestants.ts'
import { eventually } from '../../../integration/servers.ts'
import { again } from '../again.ts'
import type { Adjustment, Provocation, Watch } from '../provocation.ts'
import { endsAs, jobThat, runOf, type Shop, silent } from './stand.ts'

const short = 'nobody waits half an hour for it'
export const runsAdjusted: readonly Adjustment[] = [
  { alert: jobOverdue, numbers: { '> 1800': '> 3' }, why: short },
  { alert: jobOvertime, numbers: { '> 300': '> 3' }, why: short },
  { alert: schedulerGone, numbers: { '> 300': '> 5' }, why: short },
]

/** Settings of the folders that the exporter reads, by instance. */
export const runsSettings = {
  ending: {},
  /** Quiet for six seconds, and it hangs. */
  hanging: { cleanup: { quietMinutes: 0.1 } },
  long: { cleanup: { timeoutMinutes: 0.1 } },
  late: { cleanup: { schedule: '* * * * *' } },
  scheduled: {},
  damaged: {},
} as const

/** A server that takes connections, and says nothing. */
const mute = () =>
  new Promise<Server>((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => resolve(server))
  })

/** A run that goes on until it is stopped, or as long as it is asked to. */
const underWay = (folder: string) => {
  const controller = new AbortController()
  let over: Promise<unknown> = Promise.resolve()
  return {
    begin: async (getsOn: boolean) => {
      const act = jobThat('cleanup', async ({ signal, progress }) => {
        while (true) {
          await delay(500, undefined, { signal })
          if (getsOn) progress()
        }
      })
      over = runOf(act, folder, controller.signal)
      await eventually(
        () => readKept(folder, 'cleanup'),
        ({ running }) => running !== undefined,
      )
    },
    end: async () => {
      controller.abort(new Error('enough'))
      await over
      // What became of it is told until the next run.
      await runOf(
        jobThat('cleanup', async () => 'cleaned'),
        folder,
      )
    },
  }
}

const ending = (folder: string): readonly Provocation[] => {
  const well = () =>
    runOf(
      jobThat('update', async () => 'updated'),
      folder,
    )
  return [
    {
      fault: 'the update waits for a server that closes the connection',
      fires: [{ alert: jobFailing, labels: { instance: 'ending', job_name: 'update', outcome: 'failed' } }],
      before: well,
      bring: async () => {
        const server = await mute()
        server.on('connection', (socket) => socket.destroy())
        const address = server.address()
        const port = typeof address === 'object' ? address?.port : undefined
        const job = jobThat('update', async ({ signal }) => {
          const answer = await fetch(`http://127.0.0.1:${port}/`, { signal })
          return answer.statusText
        })
        await endsAs(runOf(job, folder), 'failed')
        server.close()
      },
      end: well,
    },
    {
      fault: 'the process of an update is killed (kill -9)',
      fires: [{ alert: jobKilled, labels: { instance: 'ending', job_name: 'update', outcome: 'killed' } }],
      before: well,
      bring: async () => {
        const child = spawn(
          process.execPath,
          [await bundleOurs(new URL('waiting-child.ts', import.meta.url)), folder],
          { stdio: 'ignore', env: { ...process.env, NODE_OPTIONS: '' } },
        )
        await eventually(
          () => readKept(folder, 'update'),
          ({ running }) => running?.pid === child.pid,
        )
        const gone = new Promise((resolve) => child.once('exit', resolve))
        child.kill('SIGKILL')
        await gone
        // As the scheduler does when it looks next.
        await settleJob('update', { folder, tell: () => undefined })
      },
      end: well,
    },
  ]
}

const slow = (folders: Readonly<Record<'hanging' | 'long', string>>): readonly (readonly Provocation[])[] => {
  const labels = { job_name: 'cleanup' }
  const [hanging, long] = [underWay(folders.hanging), underWay(folders.long)]
  return [
    [
      {
        fault: 'a cleanup runs and gets no further',
        fires: [{ alert: jobHanging, labels: { ...labels, instance: 'hanging' } }],
        bring: () => hanging.begin(false),
        end: hanging.end,
      },
    ],
    [
      {
        fault: 'a cleanup that was started with a longer timeout runs beyond the one that is set',
        fires: [{ alert: jobOvertime, labels: { ...labels, instance: 'long' } }],
        bring: () => long.begin(true),
        end: long.end,
      },
    ],
  ]
}

const late = (folder: string, watch: Watch): readonly Provocation[] => {
  const clean = () =>
    runOf(
      jobThat('cleanup', async () => 'cleaned'),
      folder,
    )
  const pace = again(1_000, clean)
  const overdue = { alert: jobOverdue, labels: { instance: 'late', job_name: 'cleanup' } }
  return [
    {
      fault: 'nobody starts a cleanup that is due every minute',
      fires: [overdue],
      before: async () => {
        await clean()
        await silent(watch, overdue)
      },
      bring: async () => undefined,
      end: async () => {
        await pace.begin()
        await silent(watch, overdue)
        await pace.end()
      },
    },
  ]
}

const scheduled = (folder: string) => {
  let controller = new AbortController()
  let over: Promise<unknown> = Promise.resolve()
  const start = async () => {
    controller = new AbortController()
    over = runSchedule([{ name: 'cleanup', setting: jobs.cleanup }], {
      folder,
      signal: controller.signal,
      tell: () => undefined,
      beatEvery: 500,
    })
  }
  const stop = async () => {
    controller.abort()
    await over
  }
  const lane: readonly Provocation[] = [
    {
      fault: 'the scheduler of the jobs ends',
      fires: [{ alert: schedulerGone, labels: { instance: 'scheduled' } }],
      before: start,
      bring: stop,
      end: start,
    },
  ]
  return { lane, stop }
}

const damaged = (folder: string): readonly Provocation[] => {
  const note = join(folder, 'scheduler.json')
  return [
    {
      fault: 'the note of the scheduler is damaged',
      fires: [{ alert: jobRecordsUnreadable, labels: { instance: 'damaged', collector: 'scheduler' } }],
      bring: async () => {
        mkdirSync(folder, { recursive: true })
        writeFileSync(note, '{"version": 1, "beat":')
      },
      end: async () => rmSync(note),
    },
  ]
}

/** What is about runs, whatever the job. */
export const openRuns = (shop: Shop) => {
  const folderOf = (instance: keyof typeof runsSettings) => join(shop.folder, `jobs-${instance}`)
  const scheduler = scheduled(folderOf('scheduled'))
  return {
    watched: Object.fromEntries(
      (['ending', 'hanging', 'long', 'late', 'scheduled', 'damaged'] as const).map((instance) => [
        instance,
        { folder: folderOf(instance), settings: runsSettings[instance] },
      ]),
    ),
    lanes: (watch: Watch): readonly (readonly Provocation[])[] => [
      ending(folderOf('ending')),
      ...slow({ hanging: folderOf('hanging'), long: folderOf('long') }),
      late(folderOf('late'), watch),
      scheduler.lane,
      damaged(folderOf('damaged')),
    ],
    end: scheduler.stop,
  }
}
