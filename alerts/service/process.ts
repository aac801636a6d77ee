import { processErrorsTotal } from '../../exporters/service/errors/errors.ts'
import { activeConnections } from '../../exporters/service/http/metrics.ts'
import {
  activeHandlesTotal,
  maxFds,
  openFds,
  processStartTime,
  residentMemory,
} from '../../exporters/service/runtime/runtime-metrics.ts'
import {
  and,
  changes,
  type Duration,
  div,
  type Expr,
  eq,
  gt,
  increase,
  instant,
  maxOverTime,
  minOverTime,
  mul,
  sub,
} from '../../metrics/promql.ts'
import { alert } from '../alert.ts'

export const serviceRestarting = alert({
  name: 'ServiceRestarting',
  threshold: {
    is: '2',
    least: '1',
    most: '50',
    source: 'ours: a release is one start, and one that is undone at once two',
  },
  expr: (threshold) => gt(changes(processStartTime, '15m'), threshold),
  for: '1s',
  severity: 'high',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${label('instance')} was started ${value.plain} times in 15 minutes: it ends again and again`,
  action:
    'Its last lines in error.log say why ("Uncaught Exception"), and Sentry has the stack; the console where it ends before it has ' +
    'a log, and dmesg where the kernel ended it for its memory. Undo the release or the change of settings that brought it.',
  runbook: {
    meaning:
      'The start time of the service changed more often in a quarter of an hour than releases explain. Of node:cluster it is that of the ' +
      'first process: a worker that is replaced is no restart of the service.',
    impact: 'Between two starts nobody is answered, and what was under way at each end is lost.',
    diagnosis: [
      { look: 'Its last words', shell: 'tail -n 50 logs/error.log' },
      {
        look: 'How often, and with which code',
        shell: 'pm2 list; docker compose ps -a; journalctl -n 50 --no-pager | grep -i exit',
      },
      { look: 'Whether the kernel ended it', shell: 'journalctl -k --since -1h | grep -i "killed process"' },
    ],
    mitigation: [
      'Undo the release, or the change of settings or secrets.',
      'Give it more memory where the kernel ended it; then HeapNearLimit and MemoryGrowing say what grows.',
      'Where it ends because a dependency is away at the start, have it wait instead.',
    ],
  },
})

export const serviceErrors = alert({
  name: 'ServiceErrors',
  threshold: {
    is: '0',
    least: '0',
    most: '1000',
    source: 'ours: an error that nobody caught is a fault in the code, each time',
  },
  // Of an exception that ends its process the count ends with it: it is told here only of a worker of node:cluster.
  expr: (threshold) => gt(increase(processErrorsTotal, '5m'), threshold),
  for: '1s',
  severity: 'high',
  owner: 'reservations',
  summary: ({ label }) => `${label('instance')} had an ${label('kind')}: an error that nobody caught`,
  action:
    'Find it in error.log ("Unhandled Rejection") or in Sentry, with its stack: what it was to do for a guest may be half done. Undo ' +
    'the release that brought it. An uncaughtException ended a worker, and with it the requests that it was answering.',
  runbook: {
    meaning:
      'A promise was rejected or an error thrown, and no code dealt with it. An exception that ends the only process takes its count ' +
      'along: ServiceRestarting tells of those.',
    impact:
      'One guest got no answer, or one whose work is half done: a booking without its mail, a payment without its booking.',
    diagnosis: [
      {
        look: 'The error and its stack',
        shell: 'grep -E "Unhandled Rejection|Uncaught Exception" logs/error.log | tail -n 5',
      },
      {
        look: 'How often since when',
        shell: "promtool query instant http://localhost:9090 'increase(process_errors_total[1d])'",
      },
    ],
    mitigation: [
      'Undo the release if it began with one.',
      'Await or catch what is thrown there; look for what was left half done.',
    ],
  },
})

export const fileDescriptorsNearLimit = alert({
  name: 'FileDescriptorsNearLimit',
  threshold: {
    is: '80 %',
    least: '20 %',
    most: '99 %',
    source: 'ours: between the 70 % and the 90 % at which kube-prometheus warns of a whole host',
  },
  expr: (threshold) => gt(div(maxOverTime(openFds, '2m'), maxOverTime(maxFds, '2m')), threshold),
  for: '5m',
  severity: 'high',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('instance')} has ${value.percent} of the file descriptors open that it may have: at the limit it takes no connection`,
  action:
    'See what they are: ls -l /proc/PID/fd. Sockets of clients: many idle connections, shorten keepAliveTimeout. Sockets to one ' +
    'server or files: a leak, restart the service (pm2 restart techplus-backend). Raise LimitNOFILE.',
  runbook: {
    meaning:
      'Open file descriptors, sockets among them, as a share of the limit of the process; of several processes both are summed.',
    impact: 'At the limit every new connection, file and lookup of a name fails (EMFILE): nobody is answered.',
    diagnosis: [
      {
        look: 'How many of how many',
        shell: "curl -s http://localhost:9465/metrics | grep -E '^process_(open|max)_fds'",
      },
      {
        look: 'Of what kind',
        shell: "ls -l /proc/$(pgrep -n node)/fd | awk '{print $NF}' | cut -d: -f1 | sort | uniq -c | sort -rn | head",
      },
      {
        look: 'Sockets by state and peer',
        shell: "ss -tanp | grep node | awk '{print $1, $5}' | sort | uniq -c | sort -rn | head",
      },
    ],
    mitigation: [
      'Restart the service where it leaks; raise the limit (LimitNOFILE= of systemd, ulimit -n) where it is only busy.',
      'Many sockets in CLOSE-WAIT are answers that nobody reads: destroy the body of a fetch that is not used.',
    ],
  },
})

// --- what grows -------------------------------------------------------------------------------------------------

interface At {
  readonly offset?: Duration
}

/** The lowest over three hours: neither the traffic of the day nor garbage that waits to be collected is growth. */
const lowest = <L extends string>(at: (past: At) => Expr<L>, offset?: Duration) =>
  minOverTime(at(offset ? { offset } : {}), '3h', { every: '5m' })

/** How much the lowest rose in a day: only where it rose in both halves of it, and in one and the same process. */
const risen = (at: (past: At) => Expr<'job' | 'instance'>) => {
  const [now, noon, before] = [lowest(at), lowest(at, '12h'), lowest(at, '24h')]
  const rise = sub(now, before)
  const steady = and(gt(sub(now, noon), mul(rise, 0.25)), gt(sub(noon, before), mul(rise, 0.25)))
  const same = eq(changes(processStartTime, '27h'), 0)
  return { rise: and(and(rise, steady), same), before }
}

/** A process that is small is not hurt by a quarter more. */
const leastBytes = 64 * 2 ** 20
const memory = risen((past) => instant(residentMemory, past))

export const memoryGrowing = alert({
  name: 'MemoryGrowing',
  threshold: {
    is: '25 %',
    least: '5 %',
    most: '300 %',
    source: 'ours: at a quarter a day the memory of a process has doubled before the week is over',
  },
  expr: (threshold) => and(gt(div(memory.rise, memory.before), threshold), gt(memory.rise, leastBytes)),
  for: '30m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${label('instance')} holds ${value.percent} more memory than a day ago and never gives it back: it leaks`,
  action:
    'Compare resident memory with heap and external memory: a heap that grows with it is a leak in JavaScript (two heap snapshots, ' +
    'compared), otherwise buffers or a native module. Restart it at a quiet hour before the host runs out.',
  runbook: {
    meaning:
      'The lowest resident memory over three hours rose by this much within a day, in both halves of it, in a process that was not ' +
      'started anew. It needs 64 MiB more, and 27 hours to look back.',
    impact: 'In days the kernel or Node ends the process, at a time that nobody chose.',
    diagnosis: [
      {
        look: 'Which part grew in a day',
        shell:
          'promtool query instant http://localhost:9090 \'delta({__name__=~"process_resident_memory_bytes|nodejs_heap_size_used_bytes|nodejs_external_memory_bytes"}[1d])\'',
      },
      {
        look: 'A snapshot, of a process started with --heapsnapshot-signal=SIGUSR2',
        shell: 'kill -USR2 $(pgrep -n node)',
      },
    ],
    mitigation: [
      'Restart at a quiet hour (pm2 reload techplus-backend); pm2 does so by itself with --max-memory-restart.',
      'Bound caches and queues; remove listeners; upgrade the native module that leaks.',
    ],
  },
})

/** Connections of clients come and go with the traffic. */
const handles = risen((past) => sub(instant(activeHandlesTotal, past), instant(activeConnections, past)))

export const handlesLeaking = alert({
  name: 'HandlesLeaking',
  threshold: {
    is: '100',
    least: '10',
    most: '100000',
    source:
      'ours: a service has some dozens (pools, servers, files), and a hundred more in a day were made by requests',
  },
  expr: (threshold) => gt(handles.rise, threshold),
  for: '30m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `${label('instance')} has ${value.plain} more handles open than a day ago, besides those of its clients: it does not close them`,
  action:
    'See of which class they are (nodejs_active_handles by type). Socket: connections that nobody closes, to which peer says ss -tanp. ' +
    'FSWatcher, ChildProcess, Server: look where a request makes one.',
  runbook: {
    meaning:
      'The lowest number of active handles of libuv over three hours, without connections of HTTP clients, rose by this much in a day, ' +
      'in both halves of it, in a process that was not started anew.',
    impact: 'Each holds memory and mostly a file descriptor: at the limit the service takes no connection any more.',
    diagnosis: [
      { look: 'By class', shell: 'curl -s http://localhost:9465/metrics | grep ^nodejs_active_handles' },
      {
        look: 'Sockets by state and peer',
        shell: "ss -tanp | grep node | awk '{print $1, $5}' | sort | uniq -c | sort -rn | head",
      },
    ],
    mitigation: [
      'Restart at a quiet hour (pm2 reload techplus-backend).',
      'Make one client for the process instead of one for each request; close what a request opened in a finally.',
    ],
  },
})
