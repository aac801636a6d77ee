import {
  blockReloadsFailed,
  checkpointsFailed,
  compactionsFailed,
  headSeries,
  sinceStart,
  walCorruptions,
  walWritesFailed,
} from '../../metrics/foreign.ts'
import { add, and, avgOverTime, div, gt, increase, instant, maxOverTime } from '../../metrics/promql.ts'
import { alert, type Look } from '../alert.ts'

const logOfStorage: Look = {
  look: 'What the log says',
  shell: "docker compose logs --since 3h prometheus | grep -iE 'compact|reload|wal|checkpoint|corrupt' | tail -20",
}
const roomLeft: Look = {
  look: 'Whether there is room, and whether it may write',
  shell: 'df -h; docker compose exec prometheus df -h /prometheus; docker compose exec prometheus ls -ld /prometheus',
}

export const prometheusStorageFailing = alert({
  name: 'PrometheusStorageFailing',
  threshold: {
    is: '2',
    least: '1',
    most: '100',
    source:
      'Prometheus mixin: any within 3 h that goes on for 4 h; more than two within an hour is the same fault, told sooner',
  },
  expr: (threshold) =>
    gt(
      add(
        add(increase(blockReloadsFailed, '1h'), increase(compactionsFailed, '1h')),
        add(increase(checkpointsFailed, '1h'), increase(walWritesFailed, '1h')),
      ),
      threshold,
    ),
  for: '5m',
  keepFiringFor: '1h',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) => `The storage of ${label('instance')} failed ${value.plain} times within an hour`,
  action: 'Its log says what failed. Nearly always the disk is full or read-only.',
  runbook: {
    meaning:
      'Prometheus could not write to its write-ahead log, shorten it, write or merge blocks, or read them again, more often than the threshold within an hour.',
    impact:
      'Memory and the log grow until Prometheus is killed or the disk is full. Samples that cannot be written are lost.',
    diagnosis: [
      logOfStorage,
      roomLeft,
      { look: 'Whether the blocks are whole', shell: 'docker compose exec prometheus promtool tsdb list /prometheus' },
    ],
    mitigation: [
      'The disk is full: make room, or shorten --storage.tsdb.retention.time.',
      'One block is damaged (the log names it): move its folder away from the data folder and restart; its two hours are lost.',
      'The folder belongs to somebody else: chown it to 65534:65534.',
    ],
  },
})

export const prometheusWalCorrupted = alert({
  name: 'PrometheusWalCorrupted',
  // Found while it starts, before anything is scraped: the counter never rises, it is there with 1. Rules on its increase are blind.
  expr: gt(maxOverTime(sinceStart(walCorruptions), '5m'), 0),
  for: '1m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) =>
    `${label('instance')} found its write-ahead log damaged: samples of up to three hours may be lost`,
  action:
    'Find out why: the power failed, the process was killed, or the disk is at fault. It was repaired; the next start clears the alert.',
  runbook: {
    meaning:
      'Prometheus found a damaged record in its write-ahead log, mostly when it started, and cut the log off there. It counts until the next start.',
    impact:
      'What was after the damage is gone: gaps in every graph, and burn rates over these hours are too low or too high.',
    diagnosis: [
      logOfStorage,
      { look: 'Whether the disk has faults', shell: "dmesg -T | grep -iE 'i/o error|ext4|xfs|nvme|blk_update' | tail" },
      {
        look: 'How it ended before',
        shell:
          'docker inspect --format "{{.State.OOMKilled}} {{.State.ExitCode}}" "$(docker compose ps -aq prometheus)"',
      },
    ],
    mitigation: [
      'A single damage after a power failure: nothing to mend. docker compose restart prometheus ends the alert.',
      'Again and again: the disk is at fault; move the data to another one.',
    ],
  },
})

/** Below this, a new dashboard's or test's series double the count and mean nothing: the demo has about 6,000. */
const leastSeries = 20_000

export const prometheusSeriesGrowing = alert({
  name: 'PrometheusSeriesGrowing',
  threshold: {
    is: '150 %',
    least: '110 %',
    most: '1000 %',
    source:
      'ours: of the average of the last day; a release that adds a label with many values doubles it within the hour',
  },
  expr: (threshold) =>
    and(gt(div(instant(headSeries), avgOverTime(headSeries, '1d')), threshold), gt(instant(headSeries), leastSeries)),
  for: '15m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('instance')} has ${value.percent} of the series it had on average within a day`,
  action:
    'See which metric and which label grew on /tsdb-status in Prometheus. Take the label away where it has a value per user or request.',
  runbook: {
    meaning: 'The number of series in memory is above the threshold times its average of the last day.',
    impact:
      'Each series costs memory for at least two hours: Prometheus grows until the kernel ends it, and rules become slow before.',
    diagnosis: [
      {
        look: 'Which metrics have most series',
        shell:
          "curl -s http://127.0.0.1:9090/api/v1/status/tsdb | jq -r '.data.seriesCountByMetricName[] | [.value, .name] | @tsv'",
      },
      {
        look: 'Which labels have most values',
        shell:
          "curl -s http://127.0.0.1:9090/api/v1/status/tsdb | jq -r '.data.labelValueCountByLabelName[] | [.value, .name] | @tsv'",
      },
      {
        look: 'Which targets serve most',
        shell:
          "curl -sG http://127.0.0.1:9090/api/v1/query --data-urlencode 'query=sort_desc(scrape_samples_scraped)' | jq -r '.data.result[] | [.value[1], .metric.job, .metric.instance] | @tsv'",
      },
    ],
    mitigation: [
      'A label of the service has a value per request (an id in a route): undo the release.',
      'Tables, indexes or statements became many: lower `limits` of the target in config/targets.ts.',
    ],
  },
})
