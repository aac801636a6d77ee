import { jobsVitals } from '../../exporters/jobs/index.ts'
import {
  jobDue,
  jobMayBeQuiet,
  jobProgressed,
  jobRunning,
  jobStarted,
  jobTimeLimit,
  schedulerSeen,
} from '../../exporters/jobs/metrics.ts'
import { eq, gt, instant, maxOverTime, secondsSince, sub, unless } from '../../metrics/promql.ts'
import { alert } from '../alert.ts'
import { atWork, jobsDir, schedulerLog, whichAreOn } from './looks.ts'

export const jobOverdue = alert({
  name: 'JobOverdue',
  threshold: {
    is: '30 min',
    least: '1 min',
    most: '12 h',
    source: 'ours: a host that is restarted takes minutes. The restart of the API, due every minute, is missed first',
  },
  // The next run waits for the one that goes on: that is told as hanging, or as one that takes too long.
  expr: (threshold) => gt(unless(secondsSince(instant(jobDue)), eq(instant(jobRunning), 1)), threshold),
  for: '1m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `The maintenance job ${label('job_name')} should have started ${value.duration} ago, and did not`,
  action: ({ label }) =>
    `See whether the scheduler runs (npm run job -- schedule, or the service jobs). Meanwhile run it by hand: npm run job -- ${label('job_name')}`,
  runbook: {
    meaning:
      'A job is on and has a schedule in config/jobs.ts; its time has come, and no run began within the threshold. Nor does one go on.',
    impact:
      'It does not happen: no backup, no cleanup, no audit, or nobody who restarts the API. Nothing else tells of it.',
    diagnosis: [
      whichAreOn,
      {
        look: 'Whether the scheduler is there, and when it was last',
        shell: `cat ${jobsDir}/scheduler.json; docker compose ps -a jobs`,
      },
      schedulerLog,
    ],
    mitigation: [
      'No scheduler runs: docker compose up -d jobs, or npm run job -- schedule under whatever keeps programs running.',
      'It runs and says that the job could not run: JOBS_DIR is full, or not its own. Mend that.',
      'It was started before the job was switched on: restart it, it reads config/jobs.ts once.',
      'Another timer is to run it (cron): it has to run npm run job -- NAME with the same JOBS_DIR.',
    ],
  },
})

export const jobHanging = alert({
  name: 'JobHanging',
  expr: gt(secondsSince(instant(jobProgressed)), instant(jobMayBeQuiet)),
  for: '1m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `The maintenance job ${label('job_name')} runs and has made no progress for ${value.duration}`,
  action:
    'See what it is at, and what that waits for: a lock, a server that does not answer, a disk. End it with SIGTERM if it is not to be helped; it is safe to stop.',
  runbook: {
    meaning: 'A run is alive and has given no sign of progress for longer than its quietMinutes in config/jobs.ts.',
    impact:
      'The job does not get done, and no other run of it begins. A dump that hangs keeps its snapshot open: tables bloat meanwhile.',
    diagnosis: [
      atWork('backup'),
      {
        look: 'What its session of PostgreSQL waits for',
        sql: "select pid, application_name, state, wait_event_type, wait_event, now() - query_start as running, pg_blocking_pids(pid) as blocked_by from pg_stat_activity where application_name ~ 'pg_dump|pg_restore|techplus' order by query_start;",
      },
      {
        look: 'Which programs it started, and what they do',
        shell: 'ps -eo pid,ppid,etime,stat,args | grep -E "[p]g_dump|[p]g_restore|[j]obs/main"',
      },
    ],
    mitigation: [
      'Blocked by a lock: its holder leads (PostgresBlockedSessions).',
      'The bucket does not answer: end the run; the next one uploads.',
      'End it: kill -TERM with the pid that running.json names. At its timeout it is ended by itself.',
    ],
  },
})

export const jobOvertime = alert({
  name: 'JobOvertime',
  threshold: {
    is: '5 min',
    least: '1 min',
    most: '12 h',
    source: 'ours: a run that is told to end has half a minute for it',
  },
  expr: (threshold) => gt(sub(secondsSince(instant(jobStarted)), instant(jobTimeLimit)), threshold),
  for: '1m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `The maintenance job ${label('job_name')} runs ${value.duration} longer than it may, and was not stopped`,
  action: 'See what it is at. End it with SIGTERM, and with SIGKILL if it does not: both are safe at any moment.',
  runbook: {
    meaning:
      'A run goes on beyond the timeoutMinutes of its job, at which it should have been stopped: it was started with a longer one, or its host slept.',
    impact: 'It takes its server, its disk and its network longer than was planned for, and keeps other runs out.',
    diagnosis: [
      atWork('backup'),
      {
        look: 'Which programs it started',
        shell: 'ps -eo pid,ppid,etime,stat,args | grep -E "[p]g_dump|[p]g_restore|[j]obs/main"',
      },
    ],
    mitigation: [
      'It gets on: let it, and raise timeoutMinutes in config/jobs.ts if it has grown.',
      'It does not: kill -TERM with the pid that running.json names, and run the job again.',
    ],
  },
})

export const schedulerGone = alert({
  name: 'JobSchedulerGone',
  threshold: {
    is: '5 min',
    least: '1 min',
    most: '12 h',
    source: 'ours: it leaves a sign of life every 15 seconds, and a host is restarted within five minutes',
  },
  expr: (threshold) => gt(secondsSince(instant(schedulerSeen)), threshold),
  for: '1m',
  severity: 'high',
  owner: 'platform',
  summary: ({ value }) =>
    `The scheduler of the maintenance jobs was not there for ${value.duration}: none of them runs`,
  action: 'Start it again: docker compose up -d jobs, or npm run job -- schedule where it runs without Docker.',
  runbook: {
    meaning:
      'The scheduler leaves a sign of life in JOBS_DIR every 15 seconds. The last one is older than the threshold.',
    impact:
      'No job starts: no backup tonight, no restart of an API that fails, no audit. Each of them becomes overdue; those alerts are held back by this one.',
    diagnosis: [
      { look: 'Whether it runs, and how it ended', shell: 'docker compose ps -a jobs' },
      schedulerLog,
      { look: 'Its last sign of life', shell: `cat ${jobsDir}/scheduler.json; date -u` },
      { look: 'Whether it can write', shell: `df -h ${jobsDir}; ls -ld ${jobsDir}` },
    ],
    mitigation: [
      'It ended: start it again. What was due meanwhile is told as overdue; run it by hand.',
      'It runs and cannot write: make room, or give it back the right.',
      'Another timer is to run the jobs from now on: remove scheduler.json, and this alert ends.',
    ],
  },
})

export const jobRecordsUnreadable = alert({
  name: 'JobRecordsUnreadable',
  expr: eq(maxOverTime(jobsVitals.success, '2m'), 0),
  for: '5m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) =>
    `What the maintenance job ${label('collector')} left cannot be read: nobody knows whether it ran, and its alerts are blind`,
  action: "The exporter's log names the file, and says whether it is damaged or not for this user to read.",
  runbook: {
    meaning:
      'The exporter could not read the records of a job, or the note of the scheduler, in any scrape of five minutes: a damaged file, or a right that is missing.',
    impact: 'Alerts on this job cannot fire. The job itself may run well, or find the same file damaged.',
    diagnosis: [
      { look: 'Which file, and why', shell: 'docker compose logs --tail 100 exporter | grep -i jobs | tail -n 5' },
      { look: 'Whose the files are', shell: `ls -la ${jobsDir} ${jobsDir}/*/` },
      {
        look: 'Which of them is no JSON',
        shell: `find ${jobsDir} -name "*.json" -exec sh -c 'jq -e . "$1" > /dev/null || echo "$1"' _ {} \\;`,
      },
    ],
    mitigation: [
      'Damaged: move the file out of JOBS_DIR. What it alone told is lost; the backups themselves are not touched by that.',
      'Not readable: give the user of the exporter the right to read JOBS_DIR (its files are made with 0644).',
    ],
  },
})
