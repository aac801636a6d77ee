import { readFileSync, truncateSync } from 'node:fs'
import { jobFailing, jobKilled } from '../../../../alerts/jobs/runs.ts'
import {
  jobHanging,
  jobOverdue,
  jobOvertime,
  jobRecordsUnreadable,
  schedulerGone,
} from '../../../../alerts/jobs/schedule.ts'
import type { Running } from '../../../../compose/local/process.ts'
import type { JobSetting } from '../../../../config/jobs.ts'
import { schedulerOf } from '../../../../exporters/jobs/folder.ts'
import { eventually } from '../../../integration/servers.ts'
import type { Adjustment, Expected, Provocation, Watch } from '../provocation.ts'
import { type Cleanups, cleanupsOf } from './cleanups.ts'
import { type Shop, silent } from './stand.ts'

export const runsAdjusted: readonly Adjustment[] = [
  { alert: jobOverdue, numbers: { '> 1800': '> 15' }, why: 'nobody waits half an hour for it' },
  { alert: jobOvertime, numbers: { '> 300': '> 3' }, why: 'nobody waits five minutes for it' },
  {
    alert: schedulerGone,
    numbers: { '> 300': '> 25' },
    why: 'nobody waits five minutes for it; its signs of life, every fifteen seconds, come no faster',
  },
]

const of = (alert: Expected['alert'], instance: string, labels: Expected['labels'] = {}): Expected => ({
  alert,
  labels: { instance, ...labels },
})
const cleanup = { job_name: 'cleanup' } as const

const kill9 = async ({ pid, exited }: Pick<Running, 'pid' | 'exited'>) => {
  process.kill(pid, 'SIGKILL')
  await exited
}

const failing = (stand: Cleanups): readonly Provocation[] => {
  const well = () => stand.start().endsAs('succeeded')
  return [
    {
      fault: 'kill -9 of the Redis that a cleanup is at work in',
      fires: [of(jobFailing, 'failing', { ...cleanup, outcome: 'failed' })],
      before: well,
      bring: async () => {
        await stand.gather()
        const run = stand.start()
        await stand.atWork()
        await kill9(stand.redis())
        await run.endsAs('failed')
      },
      end: async () => {
        await stand.again()
        await well()
      },
    },
  ]
}

const hanging = (stand: Cleanups): readonly Provocation[] => {
  let run: ReturnType<Cleanups['start']> | undefined
  return [
    {
      fault: 'the Redis that a cleanup is at work in hangs (SIGSTOP); six seconds without progress are long here',
      fires: [of(jobHanging, 'hanging', cleanup)],
      bring: async () => {
        await stand.gather()
        run = stand.start()
        await stand.atWork()
        process.kill(stand.redis().pid, 'SIGSTOP')
      },
      end: async () => {
        process.kill(stand.redis().pid, 'SIGCONT')
        await stand.empty()
        await run?.endsAs('succeeded')
      },
    },
  ]
}

const long = (stand: Cleanups): readonly Provocation[] => {
  let run: ReturnType<Cleanups['start']> | undefined
  return [
    {
      fault:
        'more has gathered than a cleanup removes within the timeout, which was shortened to six seconds since it began',
      fires: [of(jobOvertime, 'long', cleanup)],
      bring: async () => {
        await stand.gather()
        run = stand.start()
        await stand.atWork()
      },
      // As the runbook says.
      end: async () => {
        run?.child.kill('SIGTERM')
        await run?.endsAs('stopped')
      },
    },
  ]
}

/** A scheduler that starts a cleanup every minute. */
const scheduled = (stand: Cleanups, watch: Watch): readonly Provocation[] => {
  let scheduler: Running | undefined
  const start = async () => {
    scheduler = await stand.schedule()
  }
  const isGone = async () => {
    if (scheduler) await kill9(scheduler)
  }
  const succeeded = async () => (await stand.last())?.outcome === 'succeeded'
  const isThere = async () => {
    if (!scheduler) await start()
    await eventually(succeeded, Boolean, { within: 90_000 })
  }
  const patience = 180
  const overdue = of(jobOverdue, 'scheduled', cleanup)
  return [
    {
      fault: 'kill -9 of a cleanup that the scheduler started',
      fires: [of(jobKilled, 'scheduled', { ...cleanup, outcome: 'killed' })],
      before: isThere,
      bring: async () => {
        await stand.gather()
        process.kill(await stand.atWork(), 'SIGKILL')
      },
      // The next that the scheduler starts.
      end: () => stand.empty(),
      patience,
    },
    {
      fault: 'kill -9 of the scheduler: no cleanup is started, and one is due every minute',
      fires: [of(schedulerGone, 'scheduled'), overdue],
      before: async () => {
        await isThere()
        await silent(watch, overdue)
      },
      bring: isGone,
      end: start,
      patience,
    },
    {
      fault: 'kill -9 of the scheduler, and half of its note is lost with the power (cut off by hand)',
      fires: [of(jobRecordsUnreadable, 'scheduled', { collector: 'scheduler' })],
      before: isThere,
      bring: async () => {
        await isGone()
        const note = schedulerOf(stand.folder)
        truncateSync(note, Math.floor(readFileSync(note).length / 2))
      },
      end: start,
    },
  ]
}

/** @param setting what the exporter is told of the cleanup: the program has it as in production, and every minute */
const part = async (
  shop: Shop,
  [instance, setting]: readonly [string, Partial<JobSetting>],
  faults: (stand: Cleanups, watch: Watch) => readonly Provocation[],
) => {
  const stand = await cleanupsOf(shop, instance)
  return { instance, setting, stand, lane: (watch: Watch) => faults(stand, watch) }
}

/** What is about runs, whatever the job: real ones of the cleanup. */
export const openRuns = async (shop: Shop) => {
  const parts = await Promise.all([
    part(shop, ['failing', {}], failing),
    part(shop, ['hanging', { quietMinutes: 0.1 }], hanging),
    part(shop, ['long', { timeoutMinutes: 0.1 }], long),
    part(shop, ['scheduled', { schedule: '* * * * *' }], scheduled),
  ])
  return {
    watched: Object.fromEntries(
      parts.map(({ instance, setting, stand: { folder } }) => [instance, { folder, settings: { cleanup: setting } }]),
    ),
    lanes: (watch: Watch): readonly (readonly Provocation[])[] => parts.map(({ lane }) => lane(watch)),
    end: async () => {
      for (const { stand } of parts) await stand.end()
    },
  }
}
