import { remoteSamples, remoteSamplesFailed, remoteSentUntil, remoteShards } from '../../metrics/foreign.ts'
import { clampMax, div, gt, increase, instant, max, mul, or, sub, sum, timestamp } from '../../metrics/promql.ts'
import { alert, type Look } from '../alert.ts'

/** Who writes, and to whom: a URL tells nothing that its name does not. */
export const writer = ['job', 'instance', 'remote_name'] as const

/** Seconds that a Prometheus can be behind without losing anything: what is older it may have thrown away. */
const kept = 7_200

/**
 * Seconds between the newest sample that was sent and the scrape that tells of it, at most two hours. One that never sent
 * anything has been behind for ever: up to 2.53 it then has no time of the newest, and connections all the same.
 */
export const remoteWriteBehind = clampMax(
  sub(
    max(timestamp(instant(remoteShards)), writer),
    or(max(instant(remoteSentUntil), writer), mul(max(instant(remoteShards), writer), 0)),
  ),
  kept,
)

/** Share of the samples sent in ten minutes whose messages were refused for good. */
export const remoteWriteRefused = div(
  sum(increase(remoteSamplesFailed, '10m'), writer),
  sum(increase(remoteSamples, '10m'), writer),
)

const log: Look = {
  look: 'What it says of it: the answer of the other side stands there',
  shell: "docker compose logs --since 30m agent-1 agent-2 prometheus | grep -iE 'remote|write' | tail -20",
}

export const prometheusRemoteWriteBehind = alert({
  name: 'PrometheusRemoteWriteBehind',
  threshold: {
    is: '2 min',
    least: '1 min',
    most: '1 h',
    source: 'Prometheus mixin; what is behind by two hours is lost',
  },
  expr: (threshold) => gt(remoteWriteBehind, threshold),
  for: '10m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('job')}/${label('instance')} is ${value.duration} behind with what it writes to ${label('remote_name')}`,
  action:
    'Do not restart it: what it has not sent would be lost. Its log says why: the other side cannot be reached, answers with 5xx or 429, or is too slow.',
  runbook: {
    meaning:
      'For ten minutes the newest sample that was sent has been older than the threshold. What cannot be sent now is kept for two hours ' +
      'and sent again, oldest first. Two hours stands for all that is more: it has sent nothing since it started, or longer than that.',
    impact:
      'Rules and dashboards do not have what it scrapes, or have it late. One agent of a pair is made up for by the other, as long as ' +
      'that one writes. Lost is what is older than two hours, and all that it has not sent when it is restarted or its remote_write is changed.',
    diagnosis: [
      log,
      {
        look: 'Whether Mimir is there: at least two of three must be ready',
        shell:
          'docker compose ps mimir mimir-1 mimir-2 mimir-3 minio; docker compose logs --since 30m mimir-1 mimir-2 mimir-3 | tail -20',
      },
      {
        look: 'Whether its own disk is full (put in the instance)',
        shell: 'docker compose exec agent-1 df -h /prometheus',
      },
      {
        look: 'Whether it would need more connections than it may have (put in the instance)',
        shell:
          "docker compose exec agent-1 wget -qO- http://127.0.0.1:9090/metrics | grep -E '^prometheus_remote_storage_shards'",
      },
    ],
    mitigation: [
      'It cannot be reached, or answers with 5xx: mend Mimir first (its object storage, its disks, its memory).',
      '429: the tenant is over a limit of mimir.yml. Raise it, or find out what has grown (Stack: Series by target).',
      'Its own disk is full: make room on the host; it goes on by itself.',
      'shards_desired above shards_max: give Mimir more to work with. queue_config in compose/mimir/remote-write.ts only once it has caught up.',
      'Nothing in its log, and samples are sent all the same: its clock is wrong, see HostClockSkewed.',
    ],
  },
})

export const prometheusRemoteWriteFailing = alert({
  name: 'PrometheusRemoteWriteFailing',
  threshold: { is: '1 %', least: '0.1 %', most: '50 %', source: 'Prometheus mixin' },
  expr: (threshold) => gt(remoteWriteRefused, threshold),
  for: '10m',
  keepFiringFor: '15m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('remote_name')} refuses messages with ${value.percent} of the samples that ${label('job')}/${label('instance')} writes`,
  action: 'Its log has the answer: a limit of the tenant, a wrong path or tenant, labels or times that are not taken.',
  runbook: {
    meaning:
      'Messages with more samples than the threshold were answered with an error that no repetition mends (4xx but for 429), and are not sent again.',
    impact:
      'What was refused is lost, and what rules and dashboards would make of it. It does not look late: it counts as sent. At most all of ' +
      'these samples: of a message Mimir keeps what is right in it.',
    diagnosis: [
      log,
      {
        look: 'For which reason Mimir throws samples away',
        shell:
          "for one in mimir-1 mimir-2 mimir-3; do docker compose exec mimir wget -qO- http://$one:8080/metrics | grep '^cortex_discarded_samples_total'; done",
      },
      {
        look: 'Whom it writes to (put in the instance)',
        shell: 'docker compose exec agent-1 grep -A4 remote_write: /etc/prometheus/agent.yml',
      },
    ],
    mitigation: [
      '404 or 401: the URL or the tenant is wrong (`mimir` in compose/deployment.ts, `remoteWrite` in config/targets.ts).',
      'out of order, or too far in the past: two pairs write as one cluster (`remoteWrite.cluster`), or a clock is wrong.',
      'per-user series limit: raise limits in compose/mimir/server.ts, or find out what has grown (Stack: Series by target).',
    ],
  },
})
