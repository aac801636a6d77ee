import {
  clockOffset,
  clockSynchronised,
  cpuSeconds,
  memoryAvailable,
  memoryStalled,
  memoryTotal,
  oomKills,
} from '../../metrics/foreign.ts'
import {
  abs,
  and,
  avg,
  complement,
  div,
  eq,
  gt,
  instant,
  lt,
  maxOverTime,
  minOverTime,
  rate,
  sub,
} from '../../metrics/promql.ts'
import { alert, type Look } from '../alert.ts'

const whoHoldsMemory: Look = {
  look: 'Who holds it',
  shell: 'free -h; ps -eo pid,rss,comm --sort=-rss | head -15; docker stats --no-stream',
}
const killed: Look = {
  look: 'Whom the kernel ended',
  shell: 'dmesg -T | grep -iE "killed process|out of memory" | tail',
}

export const hostMemoryLow = alert({
  name: 'HostMemoryLow',
  threshold: {
    is: '10 %',
    least: '2 %',
    most: '40 %',
    source: 'awesome-prometheus-alerts and node_exporter mixin: less than 10 % available',
  },
  expr: (threshold) => lt(div(maxOverTime(memoryAvailable, '5m'), maxOverTime(memoryTotal, '5m')), threshold),
  for: '5m',
  keepFiringFor: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) => `${label('instance')} has only ${value.percent} of its memory available`,
  action:
    'See who holds it (ps -eo rss,comm --sort=-rss | head). Restart what leaks, before the kernel ends what is largest: PostgreSQL.',
  runbook: {
    meaning: 'What programs could still have, caches of files given up, was below the threshold in all of ten minutes.',
    impact:
      'The kernel soon ends the largest program. That is PostgreSQL or Redis: all sessions are lost, and it recovers for minutes.',
    diagnosis: [
      whoHoldsMemory,
      killed,
      {
        look: 'What PostgreSQL is set to take',
        sql: "select name, setting, unit from pg_settings where name in ('shared_buffers', 'work_mem', 'maintenance_work_mem', 'max_connections');",
      },
    ],
    mitigation: [
      'A service that grows: restart it, and see HeapNearLimit.',
      'PostgreSQL: end sessions that sort or hash a lot; lower work_mem.',
      'Nothing leaks: the machine is too small for what runs on it.',
    ],
  },
})

export const hostOutOfMemory = alert({
  name: 'HostOutOfMemory',
  expr: gt(sub(instant(oomKills), instant(oomKills, { offset: '10m' })), 0),
  for: '1s',
  keepFiringFor: '30m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `The kernel of ${label('instance')} ended ${value.plain} programs for want of memory within ten minutes`,
  action:
    'dmesg names them. See that they run again, then find out which program took the memory: it need not be the one that was ended.',
  runbook: {
    meaning:
      'The kernel found no memory for somebody, in the machine or within the limit of a container, and ended a program.',
    impact:
      'What was ended is gone until it is started again. Of PostgreSQL one process is enough: all sessions are ended and it recovers.',
    diagnosis: [killed, whoHoldsMemory, { look: 'What is down now', shell: 'docker compose ps -a; pm2 status' }],
    mitigation: [
      'Within the limit of a container: raise it, or find its leak.',
      'PostgreSQL was ended: set vm.overcommit_memory=2, so that it gets an error instead.',
      'See HostMemoryLow for the rest.',
    ],
  },
})

export const hostMemoryStalled = alert({
  name: 'HostMemoryStalled',
  threshold: {
    is: '10 %',
    least: '1 %',
    most: '90 %',
    source:
      'ours: pressure stall information; a healthy machine has 0, and systemd-oomd ends programs at 60 % over 30 s',
  },
  expr: (threshold) => gt(rate(memoryStalled, '5m'), threshold),
  for: '5m',
  keepFiringFor: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `In ${value.percent} of the time every program of ${label('instance')} waits for memory`,
  action: 'It swaps, or reads its own programs from disk again and again. End or restart what holds most memory.',
  runbook: {
    meaning:
      'For more than the threshold of five minutes no program could go on, because the kernel was busy to find memory. MemAvailable may still look fine.',
    impact: 'Everything takes many times as long; health checks and scrapes time out.',
    diagnosis: [
      { look: 'How much, over 10, 60 and 300 seconds', shell: 'cat /proc/pressure/memory; vmstat 1 5' },
      whoHoldsMemory,
    ],
    mitigation: [
      'Restart what leaks.',
      'A container at its limit: raise mem_limit.',
      'Move something off this machine.',
    ],
  },
})

export const hostCpuSaturated = alert({
  name: 'HostCpuSaturated',
  threshold: { is: '90 %', least: '50 %', most: '99 %', source: 'node_exporter mixin: more than 90 % for 15 minutes' },
  expr: (threshold) =>
    gt(complement(avg(rate(cpuSeconds.where({ mode: 'idle' }), '5m'), ['job', 'instance'])), threshold),
  for: '15m',
  keepFiringFor: '5m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) => `The processors of ${label('instance')} are ${value.percent} busy`,
  action:
    'See who keeps them busy (top). Time that other machines take (steal) and waiting for disks count as busy too.',
  runbook: {
    meaning:
      'On average over all processors and five minutes, less time was idle than the threshold leaves, for a quarter of an hour.',
    impact: 'Whatever is next waits: latencies rise first, then health checks and scrapes time out.',
    diagnosis: [
      { look: 'Who', shell: 'top -b -n 1 -o %CPU | head -20; uptime' },
      {
        look: 'On what',
        shell:
          "curl -sG http://127.0.0.1:9090/api/v1/query --data-urlencode 'query=avg by (mode) (rate(node_cpu_seconds_total[5m]))' | jq -r '.data.result[] | [.metric.mode, .value[1]] | @tsv'",
      },
      {
        look: 'Which statements PostgreSQL is at',
        sql: "select pid, now() - query_start as running, left(query, 80) as query from pg_stat_activity where state = 'active' and backend_type = 'client backend' and pid <> pg_backend_pid() order by 2 desc;",
      },
    ],
    mitigation: [
      'A statement: cancel it with pg_cancel_backend(pid).',
      'steal: the machine shares its processors; ask for one of its own.',
      'iowait: see HostDiskStalled.',
    ],
  },
})

export const hostClockSkewed = alert({
  name: 'HostClockSkewed',
  threshold: {
    is: '50 ms',
    least: '1 ms',
    most: '10 s',
    source: 'node_exporter mixin: NodeClockSkewDetected at 0.05 s',
  },
  expr: (threshold) => gt(minOverTime(abs(instant(clockOffset)), '5m', { every: '1m' }), threshold),
  for: '10m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) => `The clock of ${label('instance')} is off by ${value.duration} from its time server`,
  action: 'chronyc tracking (or timedatectl timesync-status) says which server it follows and how far it is away.',
  runbook: {
    meaning:
      'The kernel knows how far the clock is from the time server, and it stays beyond the threshold instead of being drawn in.',
    impact:
      'Tokens are refused as expired or not yet valid, lags and ages are wrong by as much, logs of two machines cannot be put in order.',
    diagnosis: [
      { look: 'What the time service says', shell: 'chronyc tracking 2>/dev/null || timedatectl timesync-status' },
      { look: 'By how much', shell: 'curl -s http://127.0.0.1:9100/metrics | grep ^node_timex_offset' },
    ],
    mitigation: [
      'systemctl restart chrony (or systemd-timesyncd).',
      'A large step while PostgreSQL runs is safe; while a job measures time it is not.',
    ],
  },
})

export const hostClockAdrift = alert({
  name: 'HostClockAdrift',
  // A machine that never followed one (a container host of a developer) is not told of: it has not lost anything.
  expr: and(eq(maxOverTime(clockSynchronised, '5m'), 0), eq(maxOverTime(clockSynchronised, '1d'), 1)),
  for: '30m',
  severity: 'low',
  owner: 'platform',
  summary: ({ label }) => `The clock of ${label('instance')} no longer follows a time server`,
  action:
    'Start the time service again: systemctl restart chrony (or systemd-timesyncd), and see that it reaches a server.',
  runbook: {
    meaning: 'The kernel counts the clock as not synchronised for half an hour, and it was within the last day.',
    impact: 'Nobody yet: it drifts by seconds a day. Then tokens, ages and logs are wrong.',
    diagnosis: [
      {
        look: 'Whether the service runs',
        shell: "systemctl status chrony systemd-timesyncd --no-pager; timedatectl | grep -iE 'ntp|synchron'",
      },
      {
        look: 'Whether it reaches its servers',
        shell: 'chronyc sources 2>/dev/null || timedatectl show-timesync --property=ServerName',
      },
    ],
    mitigation: ['Start it again.', 'UDP port 123 is closed by the firewall: open it.'],
  },
})
