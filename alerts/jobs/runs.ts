import { jobEnabled, jobLastOutcome } from '../../exporters/jobs/metrics.ts'
import type { Outcome } from '../../exporters/jobs/record.ts'
import { type Matcher, matches, notMatches, type TargetLabel } from '../../metrics/metric.ts'
import { and, type Expr, eq, instant } from '../../metrics/promql.ts'
import { alert } from '../alert.ts'
import { backupDir, jobsDir, lastRecord, schedulerLog, wouldDo } from './looks.ts'

/** Where a job that is off ended long ago, nobody waits for another run. */
const on = ['job_name', 'job', 'instance'] as const

/** Jobs that are on and whose last run ended so. */
export const endedAs = (
  outcomes: readonly [Outcome, ...Outcome[]],
  job: Matcher | string,
): Expr<'job_name' | 'outcome' | TargetLabel> => {
  const outcome = outcomes.length === 1 ? outcomes[0] : matches(outcomes.join('|'))
  return and(eq(instant(jobLastOutcome.where({ job_name: job, outcome })), 1), eq(instant(jobEnabled), 1), { on })
}

/** Whose failures have alerts of their own, as more depends on them. */
const backups = 'backup|backup-files|backup-configuration'
const ofBackups = matches(backups)
const others = notMatches(backups)
const othersWithoutTests = notMatches(`${backups}|restore-test`)

export const backupFailing = alert({
  name: 'BackupFailing',
  expr: endedAs(['failed', 'timed_out', 'refused', 'undecided', 'killed'], ofBackups),
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label }) =>
    `The last run of ${label('job_name')} ${label('outcome')}: what it saves is not verified in every place where it should be`,
  action: ({ label }) =>
    `Read what it said, mend that, and run it again by hand today: npm run job -- ${label('job_name')}. The backups before it are all there.`,
  runbook: {
    meaning:
      'The last run of a backup ended otherwise than with a copy that is complete and verified, at home and where it is uploaded to. ' +
      'failed and timed_out: something went wrong on the way. refused: something it needs is missing, and nothing was begun. ' +
      'killed: its process ended without a word.',
    impact:
      'None yet: the newest good backup is never removed. But what is written from now on is lost if the disk fails tonight. BackupStale follows.',
    diagnosis: [
      lastRecord('backup'),
      wouldDo('backup'),
      { look: 'Whether there is room for it', shell: `df -h ${backupDir}` },
      {
        look: 'Which backups there are',
        shell: `ls -lt ${backupDir}/*/*.manifest.json | head -n 20`,
      },
    ],
    mitigation: [
      'A server, the bucket or the network was gone: run it again once that is back.',
      'Only sending it, or removing an old one, failed: the new one is good here. Mend that place; a key of a bucket needs s3:DeleteObject too.',
      'No room: make some (not among the newest backups), or give BACKUP_DIR a larger disk.',
      'refused: what it names is missing: a program, a key, a right. Put it there; --dry-run says when all is well.',
      'killed: see whether the kernel ended it (dmesg -T | grep -i "killed process"). What it left is cleared up by the next run.',
    ],
  },
})

export const jobFailing = alert({
  name: 'JobFailing',
  expr: endedAs(['failed', 'timed_out'], othersWithoutTests),
  for: '1m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) => `The last run of the maintenance job ${label('job_name')} ${label('outcome')}`,
  action: ({ label }) =>
    `Read what it said, mend that, and run it again: npm run job -- ${label('job_name')}. It is safe to run twice.`,
  runbook: {
    meaning:
      'A maintenance job that is on ended with an error (failed), or was stopped as it took longer than it may (timed_out). ' +
      'Its record says what went wrong. Backups and the restore test have alerts of their own.',
    impact:
      'What it looks after is not looked after: data past its time stays, vulnerabilities are not seen, a release is not out.',
    diagnosis: [
      {
        look: 'What the last run of each job was, those that did not succeed first',
        shell: `for one in ${jobsDir}/*/records; do jq -r '[.job, .outcome, .ended, .words] | @tsv' "$(ls "$one"/*.json | tail -n 1)"; done | sort -t "$(printf '\\t')" -k 2,2`,
      },
      lastRecord('cleanup'),
      wouldDo('cleanup'),
    ],
    mitigation: [
      'A server was gone: its own alert leads. Run the job again afterwards.',
      'timed_out: see what it was at; raise timeoutMinutes of the job in config/jobs.ts if it has grown.',
      'It fails every time: switch it off in config/jobs.ts until it is mended; the alert ends with that.',
    ],
  },
})

export const jobRefused = alert({
  name: 'JobRefused',
  expr: endedAs(['refused'], othersWithoutTests),
  for: '1m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) =>
    `The maintenance job ${label('job_name')} did not begin: something that it needs is missing or not as it has to be`,
  action: ({ label }) =>
    `npm run job -- ${label('job_name')} --dry-run names everything that is missing, and the remedy of each.`,
  runbook: {
    meaning:
      'The job looked at everything that it needs before it changed anything, and something was not there: a program, a key, a bucket, a right, ' +
      'or a database that is another than expected. It changed nothing.',
    impact: 'The job does not run until it is mended. Nothing is half done.',
    diagnosis: [
      lastRecord('cleanup'),
      wouldDo('cleanup'),
      {
        look: 'What the jobs are told of their places',
        shell: 'env | grep -E "^(JOBS|BACKUP|RESTORE)_" | sed "s/=.*/=.../"',
      },
    ],
    mitigation: [
      'Put in place what is named, and run it again: npm run job -- NAME.',
      'A database that is not the one expected: see first whether the URL is right. The job is right to refuse.',
    ],
  },
})

export const jobUndecided = alert({
  name: 'JobUndecided',
  expr: endedAs(['undecided'], others),
  for: '1m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) =>
    `The maintenance job ${label('job_name')} asks for a decision: it would go further than it may by itself`,
  action: 'Read what it asks. Decide with whoever owns the data, and let it go on in the way that its record names.',
  runbook: {
    meaning:
      'The job stopped before it did something that is not for it to decide, such as removing more than its ceiling. What it did until then is done and whole.',
    impact: 'What waits for the decision stays as it is, and asks again at every run.',
    diagnosis: [
      lastRecord('cleanup'),
      wouldDo('cleanup'),
      {
        look: 'What is over its ceiling (1), and how much waits',
        shell: 'curl -s http://127.0.0.1:9464/metrics/jobs/maintenance | grep -E "^cleanup_(ceiling_reached|left)"',
      },
    ],
    mitigation: [
      'What it would do is right: allow it for one run, such as npm run job -- cleanup --allow reservations=250000; its record names the number.',
      'It is not: find out why so much is due. A release that writes wrong dates, or a clock, is more likely than a year that ended.',
    ],
  },
})

export const jobKilled = alert({
  name: 'JobKilled',
  expr: endedAs(['killed'], others),
  for: '1m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) => `The process of the maintenance job ${label('job_name')} ended in the middle, without a word`,
  action: ({ label }) =>
    `Run it again: npm run job -- ${label('job_name')}. It clears up what the one before left, and goes on. Then see who ended it.`,
  runbook: {
    meaning:
      'A run said nothing for a minute and its process is gone: kill -9, the kernel for want of memory, a host or a container that was restarted.',
    impact:
      'Nothing is broken: a job is safe to be killed at any moment. What it had not done is not done, such as the second half of an update.',
    diagnosis: [
      lastRecord('update'),
      { look: 'Whether the kernel ended it', shell: 'dmesg -T | grep -i "killed process" | tail' },
      { look: 'Since when the host and the scheduler run', shell: 'uptime -s; docker compose ps -a jobs' },
      schedulerLog,
    ],
    mitigation: [
      'Run it again. An update goes on where it was.',
      'For want of memory: give its container more, or move it to another hour.',
      'A deployment restarts the scheduler while jobs run: let it end first (docker compose stop waits for it).',
      'The host went down: npm run job -- list says what should have run meanwhile.',
    ],
  },
})
