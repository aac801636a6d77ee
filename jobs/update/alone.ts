import type { JobName } from '../../config/jobs.ts'
import { type FolderLock, FolderTaken, lockFolder } from '../../exporters/folder-lock.ts'
import { placesOf } from '../../exporters/jobs/folder.ts'
import { Refused } from '../job.ts'
import { makeJobsFolder } from '../keeping.ts'

/**
 * Does something while none of these jobs runs, here or in another process: none of them can begin meanwhile.
 * @param folder of all jobs
 * @throws Refused where one of them runs
 */
export const whileNoneRuns = async <T>(
  folder: string,
  jobs: readonly JobName[],
  work: () => Promise<T>,
): Promise<T> => {
  const locks: FolderLock[] = []
  try {
    for (const job of jobs) locks.push(await lockOf(folder, job))
    return await work()
  } finally {
    await Promise.all(locks.map((lock) => lock.release()))
  }
}

const lockOf = async (folder: string, job: JobName) => {
  const { own } = placesOf(folder, job)
  await makeJobsFolder(own)
  return lockFolder(own, {
    socket: 'run.sock',
    taken: [`the job ${job} runs, or its lock is held by another that must not be disturbed`, 'wait for its end'],
    variable: 'JOBS_DIR',
  }).catch((cause: unknown) => {
    throw cause instanceof FolderTaken ? new Refused([cause.message], { cause }) : cause
  })
}
