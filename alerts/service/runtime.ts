import { sla } from '../../config/sla.ts'
import {
  eventLoopLagP99,
  eventLoopUtilization,
  gcDuration,
  heapUsedRatio,
  processStartTime,
} from '../../exporters/service/runtime/runtime-metrics.ts'
import { serviceWorkers } from '../../exporters/service/serving/cluster.ts'
import { avgOverTime, count, div, gt, instant, minOverTime, or, rate, sum, sumOf } from '../../metrics/promql.ts'
import { alert } from '../alert.ts'
import { service } from '../http/requests.ts'

export const eventLoopLagging = alert({
  name: 'EventLoopLagging',
  threshold: {
    is: `${sla.httpLatency.seconds / 2} s`,
    least: '20 ms',
    most: '10 s',
    source:
      'half of what is promised for all of a request (`httpLatency` in `config/sla.ts`) is lost to the loop alone',
  },
  // One scrape without it does not start the wait anew.
  expr: (threshold) => gt(minOverTime(eventLoopLagP99, '1m'), threshold),
  for: '5m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `The event loop of ${label('instance')} is held up for ${value.duration} at a time: every request waits for it`,
  action:
    'Something computes too long in one go. Compare with garbage collections (nodejs_gc_duration_seconds) and with CPU; take a ' +
    'profile (node --cpu-prof, or Sentry), and split the work or move it to a worker. More processes help meanwhile.',
  runbook: {
    meaning:
      'The 99th percentile of the delay of the event loop, measured since the scrape before, has been above the threshold for five ' +
      'minutes. Of several processes the worst is told of.',
    impact:
      'Every request of the process waits, also those that need nothing, and health checks may run out of their time.',
    diagnosis: [
      {
        look: 'How long it is held up, and how busy it is',
        shell: "curl -s http://localhost:9465/metrics | grep -E '^nodejs_eventloop_'",
      },
      { look: 'Which process takes CPU', shell: 'top -b -n 1 -o %CPU | head -15' },
      {
        look: 'What it computes: a profile of a process started for it',
        shell: 'node --cpu-prof --cpu-prof-dir=/tmp/profiles dist/index.js',
      },
    ],
    mitigation: [
      'Start more processes (pm2 scale techplus-backend +2): a loop that is held up holds up one of them.',
      'Split what computes long, or move it to a worker thread: big JSON, sorting, cryptography without a callback, regular expressions.',
      'Undo the release that brought it.',
    ],
  },
})

export const eventLoopBusy = alert({
  name: 'EventLoopBusy',
  threshold: {
    is: '90 %',
    least: '50 %',
    most: '99.9 %',
    source:
      'ours: with a tenth left a burst finds no room. Node counts the loop as busy whenever it does not wait for events',
  },
  expr: (threshold) => gt(avgOverTime(eventLoopUtilization, '5m'), threshold),
  for: '10m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `The event loop of ${label('instance')} is busy ${value.percent} of the time: it has no room left`,
  action:
    'Start more processes (pm2 scale techplus-backend +1) as far as the host has cores. Then see whether there is more traffic than ' +
    'usual, or each request costs more since a release.',
  runbook: {
    meaning:
      'Averaged over five minutes the event loop hardly ever waited for anything to do. Of several processes the busiest is told of. ' +
      'It comes before EventLoopLagging: many short tasks keep it busy and do not hold it up.',
    impact:
      'Latency rises with the next bit of traffic. One Node process uses one core for JavaScript, however many there are.',
    diagnosis: [
      {
        look: 'Requests a second, now and a day ago',
        shell:
          "promtool query instant http://localhost:9090 'sum by (instance) (rate(http_requests_total[5m])) / sum by (instance) (rate(http_requests_total[5m] offset 1d))'",
      },
      { look: 'How many processes there are for how many cores', shell: 'pgrep -c node; nproc' },
    ],
    mitigation: [
      'More processes, or another host, where traffic grew.',
      'Undo the release, where each request costs more: a log at debug, a cache that is no longer asked, answers that grew.',
    ],
  },
})

/** Garbage collections of a service add up over its processes, so that they are shared out among them. */
const workers = sum(instant(serviceWorkers), service)
/** Of a service that runs as one process, 1. */
const alone = count(instant(processStartTime), service)

export const garbageCollecting = alert({
  name: 'GarbageCollecting',
  threshold: {
    is: '10 %',
    least: '2 %',
    most: '80 %',
    source: 'ours: a healthy process spends 1 to 3 % on it; from a tenth on it is what requests wait for',
  },
  expr: (threshold) => gt(div(sum(rate(sumOf(gcDuration), '5m'), service), or(workers, alone)), threshold),
  for: '10m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${label('instance')} spends ${value.percent} of its time on collecting garbage instead of answering requests`,
  action:
    'See how full the heap is (nodejs_heap_limit_used_ratio): near its limit, HeapNearLimit leads. Otherwise something makes much ' +
    'garbage: compare with traffic and the last release.',
  runbook: {
    meaning:
      'Over five minutes garbage collections of all kinds took this share of the time, of several processes on average. All of them are ' +
      'counted; each stops JavaScript.',
    impact: 'Every request is slower, and CPU is spent on nothing. With a heap that fills up it ends in a crash.',
    diagnosis: [
      {
        look: 'Which kind: minor is much garbage, major is a heap that is full',
        shell:
          "promtool query instant http://localhost:9090 'sum by (instance, kind) (rate(nodejs_gc_duration_seconds_sum[5m]))'",
      },
      {
        look: 'How full the heap is',
        shell: "curl -s http://localhost:9465/metrics | grep -E '^nodejs_heap_(limit|size)'",
      },
    ],
    mitigation: [
      'Much minor: start Node with --max-semi-space-size=64, and make fewer copies in what runs at every request.',
      'Much major: raise --max-old-space-size if the host has room, and look for what grows.',
    ],
  },
})

export const heapNearLimit = alert({
  name: 'HeapNearLimit',
  threshold: {
    is: '90 %',
    least: '50 %',
    most: '99 %',
    source: 'ours: from here on V8 collects ever more often, and in the end Node gives up (heap out of memory)',
  },
  expr: (threshold) => gt(instant(heapUsedRatio), threshold),
  for: '5m',
  severity: 'high',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${label('instance')} uses ${value.percent} of what its heap may take: Node ends it when there is no more`,
  action:
    'Restart it before it ends by itself (pm2 restart techplus-backend), or raise --max-old-space-size if the host has room. ' +
    'Then look for what grows: two snapshots (node --heapsnapshot-signal=SIGUSR2) an hour apart, compared.',
  runbook: {
    meaning:
      'For five minutes every scrape found the heap this full, so that collecting garbage no longer empties it. Of several processes ' +
      'the fullest is told of.',
    impact: 'It slows down, then ends in the middle of what it does: requests under way are lost, payments among them.',
    diagnosis: [
      {
        look: 'How full, of how much',
        shell:
          "curl -s http://localhost:9465/metrics | grep -E '^nodejs_(heap_limit_used_ratio|heap_size_limit_bytes|heap_space_size_used_bytes)'",
      },
      { look: 'Memory that the host has left', shell: 'free -m' },
      {
        look: 'Crashes that were',
        shell: 'grep -c "heap out of memory" logs/*.log; journalctl -k --since -1d | grep -i "out of memory"',
      },
    ],
    mitigation: [
      'Restart the processes one after the other (pm2 reload techplus-backend).',
      'Raise --max-old-space-size, and leave the host a quarter of its memory.',
      'Bound what grows: caches without a limit, listeners added at every request, lists that are never cut.',
    ],
  },
})

export const workersSilent = alert({
  name: 'WorkersSilent',
  expr: gt(instant(serviceWorkers.where({ state: 'silent' })), 0),
  for: '2m',
  severity: 'high',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${value.plain} workers of ${label('instance')} do not answer their primary: their event loop is blocked, and their requests hang`,
  action:
    'Find the one at 100 % CPU (top -b -n 1 -o %CPU) and end it: kill PID. Its primary starts another. Its last lines in the log say ' +
    'what it was at.',
  runbook: {
    meaning:
      'The primary of node:cluster asked its workers for their counts at every scrape, and some did not answer within 3 seconds for two ' +
      'minutes. The figures shown of them are the last known.',
    impact:
      'The kernel goes on giving connections to a blocked worker: that share of the guests waits until they give up.',
    diagnosis: [
      { look: 'How many answer', shell: 'curl -s http://localhost:9465/metrics | grep ^service_workers' },
      { look: 'Which process is busy', shell: 'top -b -n 1 -o %CPU | head -15' },
      { look: 'Where it hangs (needs perf, and Node with --perf-basic-prof)', shell: 'perf top -p $(pgrep -n node)' },
    ],
    mitigation: [
      'End the blocked worker; restart all where several are (pm2 restart techplus-backend).',
      'A loop without end needs the release undone: the input that causes it comes back.',
    ],
  },
})
