import type { JobName } from '../../config/jobs.ts'
import type { Look } from '../alert.ts'

/** Where the shell finds what jobs leave, and backups. */
export const jobsDir = `"\${JOBS_DIR:-maintenance}"`
export const backupDir = `"\${BACKUP_DIR:-backups}"`

/** What the last run of a job left: what became of it, and every failure. */
export const lastRecord = (job: JobName): Look => ({
  look: `What its last run said (its folder stands in JOBS_DIR, here that of ${job})`,
  shell: `jq '{started, ended, outcome, words, failures}' "$(ls ${jobsDir}/${job}/records/*.json | tail -n 1)"`,
})

/** What the job is at, while it runs. */
export const atWork = (job: JobName): Look => ({
  look: `What it is at, and since when (here that of ${job})`,
  shell: `cat ${jobsDir}/${job}/running.json`,
})

/** What a job would do, which changes nothing, and names what is missing. */
export const wouldDo = (job: JobName): Look => ({
  look: 'Whether all that it needs is there, and what it would do; it changes nothing',
  shell: `npm run job -- ${job} --dry-run`,
})

export const whichAreOn: Look = {
  look: 'Which jobs are on, and when they run',
  shell: 'npm run job -- list',
}

/** Where the scheduler of the jobs writes what it does. */
export const schedulerLog: Look = {
  look: 'What the scheduler says',
  shell: 'docker compose logs --tail 50 jobs',
}
