import { postgresVitals } from '../../exporters/postgres/index.ts'
import { redisVitals } from '../../exporters/redis/index.ts'
import { probeSuccess } from '../../metrics/foreign.ts'
import { count, eq, gte, instant, or } from '../../metrics/promql.ts'
import { alert } from '../alert.ts'

/** What ApiDown, PostgresDown and RedisDown ask, each by itself: what is not scraped is not known to be down. */
const down = or(or(eq(instant(probeSuccess), 0), eq(instant(postgresVitals.up), 0)), eq(instant(redisVitals.up), 0))

export const systemDown = alert({
  name: 'SystemDown',
  // Of each job one: two servers of one kind are no outage of everything.
  expr: gte(count(count(down, ['job'])), 2),
  // Shorter than theirs, so that it is there first and holds them back.
  for: '30s',
  // They do not come back at the same moment: each that is last would be one more page.
  keepFiringFor: '5m',
  severity: 'critical',
  owner: 'platform',
  summary: ({ value }) =>
    `${value.plain} of API, PostgreSQL and Redis do not answer: the system is down, nobody can book`,
  action:
    'Look first at what they share: the host (does ssh answer?), its disk and memory, its network, and Docker (docker compose ps -a). ' +
    'Bring that back, then see which of them is still down.',
  runbook: {
    meaning:
      'At least two of the three do not answer at the same time: the API its health check, PostgreSQL the exporter, Redis the exporter. ' +
      'That is hardly ever two faults. The alerts of each (ApiDown, PostgresDown, RedisDown) and of what follows from them are held back meanwhile; ' +
      'one that is down alone in the end is told then.',
    impact: 'Everybody: guests cannot book, restaurants see no reservations.',
    diagnosis: [
      {
        look: 'Which of them are down: 0 is down',
        shell:
          "curl -sG http://127.0.0.1:9090/api/v1/query --data-urlencode 'query={__name__=~\"probe_success|pg_up|redis_up\"}' | jq -r '.data.result[] | [.metric.__name__, .metric.instance, .value[1]] | @tsv'",
      },
      { look: 'The host: since when it runs, its memory, its disks', shell: 'uptime; free -m; df -h' },
      {
        look: 'Docker: what runs, and what the daemon says',
        shell: 'docker compose ps -a; journalctl -u docker -n 50 --no-pager',
      },
      {
        look: 'The network: addresses, and names of the others',
        shell: 'ip -br address; getent hosts postgres redis api',
      },
      {
        look: 'Whether the kernel ended them for want of memory',
        shell: 'journalctl -k --since -1h | grep -i "out of memory"',
      },
    ],
    mitigation: [
      'The host is gone: start it, or another from the last backup; what starts with it comes back by itself.',
      'Docker stopped or was upgraded: systemctl start docker, then docker compose up -d.',
      'A full disk: make room as HostDiskNearlyFull says, then start PostgreSQL before the API.',
      'A network or a firewall that changed lately: put that back.',
      'They share nothing of this: PostgreSQL first (PostgresDown), as the others need it.',
    ],
  },
})
