import { lastRestart, restartGaveUp } from '../../exporters/jobs/restart.ts'
import { schemaAhead as codeBehind, rolledBack } from '../../exporters/jobs/update.ts'
import { changes, eq, gt, instant } from '../../metrics/promql.ts'
import { alert } from '../alert.ts'
import { jobsDir, lastRecord } from './looks.ts'

const health = {
  look: 'What its health check says',
  shell: 'curl -si http://127.0.0.1:3000/health; curl -s http://127.0.0.1:3000/health/detailed',
} as const

const apiLog = {
  look: 'What the API said last, wherever it runs',
  shell:
    'pm2 logs techplus-backend --nostream --lines 50; journalctl -u techplus-backend -n 50 --no-pager; docker compose logs --tail 50 api',
} as const

export const restartGivenUp = alert({
  name: 'RestartGaveUp',
  expr: eq(instant(restartGaveUp), 1),
  for: '1s',
  severity: 'critical',
  owner: 'platform',
  summary: () =>
    'The API does not get healthy by being restarted, and is not restarted any more: it is down, and nobody brings it back',
  action:
    'Read why it does not start: its log, and what its health check says. Bring it up by hand; once it is healthy, the job watches it again by itself.',
  runbook: {
    meaning:
      'The health check of the API failed, the job restart restarted it as often as it may, and it did not get healthy. It does no more, so as not to make it worse.',
    impact:
      'Guests cannot book. ApiDown pages for the same where the probe fails as well, and then holds this one back.',
    diagnosis: [
      health,
      apiLog,
      lastRecord('restart'),
      { look: 'Memory and disks', shell: 'free -m; df -h; dmesg -T | tail -n 20' },
    ],
    mitigation: [
      'It does not start since a release: put the version before it back (npm run job -- update --dry-run says which there are).',
      'A server that it needs is down: that alert leads; it gets healthy by itself.',
      'A full disk or no memory: make room, then start it.',
    ],
  },
})

export const restartedOften = alert({
  name: 'ApiRestartedOften',
  threshold: {
    is: '2',
    least: '1',
    most: '50',
    source: 'ours: one restart mends what a restart can mend; a third within six hours mends nothing',
  },
  expr: (threshold) => gt(changes(lastRestart, '6h'), threshold),
  for: '1s',
  keepFiringFor: '30m',
  severity: 'high',
  owner: 'platform',
  summary: ({ value }) =>
    `The API had to be restarted again and again: ${value.plain} times more within six hours. It comes back each time, and fails again`,
  action:
    'Look what it dies of: memory that grows, a pool that runs empty, an error that nobody catches. The log before each restart says it.',
  runbook: {
    meaning: 'The job restart found the API unhealthy and restarted it more often than the threshold within six hours.',
    impact:
      'At each of them guests wait or see errors for half a minute, and what was under way is lost. The restart hides the fault, and does not mend it.',
    diagnosis: [
      {
        look: 'When it was restarted, and what was found',
        shell: `jq -r 'select(.outcome != "succeeded" or (.words | test("restart"))) | [.started, .outcome, .words] | @tsv' ${jobsDir}/restart/records/*.json | tail -n 20`,
      },
      apiLog,
      {
        look: 'Whether its memory grows',
        shell:
          'promtool query instant http://localhost:9090 \'max_over_time(process_resident_memory_bytes{job="api"}[6h])\'',
      },
    ],
    mitigation: [
      'Since a release: put the one before back.',
      'Memory grows until the kernel ends it: see the alerts on the heap; a larger limit buys time.',
      'A dependency comes and goes: its alert leads.',
    ],
  },
})

export const updateUndone = alert({
  name: 'UpdateRolledBack',
  expr: eq(instant(rolledBack), 1),
  for: '1s',
  severity: 'medium',
  owner: 'platform',
  summary: () => 'The last update of the API failed and was rolled back: the version before it runs',
  action:
    'Read what failed, and give it to those who made the release. The API runs; there is no hurry to update again.',
  runbook: {
    meaning:
      'A step of the update failed (fetch, install, migrate, restart or the check of its health), and the job put the code before it back. ' +
      'The schema is as the code expects it: if it is not, UpdateSchemaAhead fires.',
    impact: 'Guests: a short interruption at most. The release is not out, and whoever waits for it does not know.',
    diagnosis: [lastRecord('update'), health, apiLog],
    mitigation: [
      'Mend what failed, and run it again: npm run job -- update. Done well, it ends this alert.',
      'The release itself is broken: wait for the next one.',
    ],
  },
})

export const schemaAhead = alert({
  name: 'UpdateSchemaAhead',
  expr: eq(instant(codeBehind), 1),
  for: '1s',
  severity: 'critical',
  owner: 'platform',
  summary: () =>
    'The update failed after it had migrated: the code was put back, the schema could not be, and old code runs on a new schema',
  action:
    'Run the command that the record of the update prints, after you have read it: it restores into a new database. Nothing is ever restored over the live one.',
  runbook: {
    meaning:
      'The update changed the schema, then failed. The code before it was put back, and the migration has no down step, or that failed as well.',
    impact:
      'Requests that touch what was migrated fail, or write what the new schema does not expect. Every write from now on makes going back harder.',
    diagnosis: [
      lastRecord('update'),
      health,
      apiLog,
      {
        look: 'Which migrations ran',
        sql: 'select migration_name, finished_at, rolled_back_at from _prisma_migrations order by started_at desc limit 10;',
      },
    ],
    mitigation: [
      'Forward, if the new code can be mended quickly: release it, npm run job -- update.',
      'Back: stop the API, restore the backup that the update made into a new database with the command in its record, compare, and point the API there.',
      'If the old code bears the new schema (only columns were added): write that down, and take your time.',
    ],
  },
})
