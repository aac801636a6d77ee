import { setTimeout as delay } from 'node:timers/promises'
import { jobs } from '../../../../config/jobs.ts'
import { runJob } from '../../../../jobs/runner.ts'

/** One run of an update that has much to do, in a process that can be killed. */
await runJob(
  {
    name: 'update',
    setting: jobs.update,
    plan: async () => ({
      steps: ['wait'],
      run: async ({ signal }) => {
        await delay(3_600_000, undefined, { signal })
        return 'waited'
      },
    }),
  },
  {
    folder: process.argv[2] ?? '',
    signal: new AbortController().signal,
    tell: () => undefined,
  },
)
