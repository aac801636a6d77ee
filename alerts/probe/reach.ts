import { probeDuration, probeRedirects, probeStatusCode, probeSuccess } from '../../metrics/foreign.ts'
import { and, avgOverTime, eq, gt, instant, maxOverTime, minOverTime, ne, or } from '../../metrics/promql.ts'
import { alert } from '../alert.ts'

const askTheProbe = {
  look: 'Why it failed: the last probes with their log, and what one says now',
  shell:
    "curl -s 'http://127.0.0.1:9090/api/v1/query?query=probe_http_status_code'; " +
    'docker compose exec blackbox wget -q -O - "http://127.0.0.1:9115/probe?module=http_2xx&debug=true&target=http://api:3000/health"',
} as const

export const apiDown = alert({
  name: 'ApiDown',
  expr: eq(instant(probeSuccess), 0),
  for: '1m',
  severity: 'critical',
  owner: 'platform',
  summary: ({ label }) => `${label('instance')} does not answer its health check: guests cannot book`,
  action:
    'Open /health/detailed of the service. If nothing answers, read its log and restart it (pm2 restart techplus-backend); ' +
    'if a dependency is down, its own alert leads.',
  runbook: {
    meaning:
      'The blackbox exporter asks /health of the API from outside and got no answer of status 2xx within 5 s, for a minute. ' +
      'probe_http_status_code tells the two cases apart: 0 is no answer at all, 502 a proxy in front of a process that is gone.',
    impact:
      'Guests cannot book and restaurants see no reservations. The promise of reachability is used up by every minute of it.',
    diagnosis: [
      { look: 'What it answers now', shell: 'curl -si --max-time 5 http://127.0.0.1:3000/health | head -20' },
      askTheProbe,
      {
        look: 'Whether the process runs, and how often it was restarted',
        shell: 'pm2 status techplus-backend; docker compose ps api',
      },
      {
        look: 'Whether its certificate is accepted, where the address is https',
        shell:
          'openssl s_client -connect api.techplus.com:443 -servername api.techplus.com </dev/null 2>/dev/null | openssl x509 -noout -dates',
      },
    ],
    mitigation: [
      'The process is gone or hangs: pm2 restart techplus-backend, in containers docker compose restart api.',
      'It ends again right after its start: put the release before it back.',
      'It answers on the host and not from outside: look at the proxy, the firewall and the certificate.',
    ],
  },
})

export const apiProbeSlow = alert({
  name: 'ApiProbeSlow',
  threshold: {
    is: '1 s',
    least: '50 ms',
    most: '4 s',
    source: 'awesome-prometheus-alerts warns at 1 s; at 5 s the probe gives up and ApiDown fires',
  },
  // A probe that failed took as long as it took to fail: that is told by ApiDown.
  expr: (threshold) => and(gt(avgOverTime(probeDuration, '5m'), threshold), eq(minOverTime(probeSuccess, '5m'), 1)),
  for: '5m',
  keepFiringFor: '5m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${label('instance')} takes ${value.duration} to answer its health check, seen from outside`,
  action:
    'Compare with the latency that the API itself measures. If that is fine, time is lost on the way: name resolution, TLS or the proxy.',
  runbook: {
    meaning:
      'The health check of the API took more than the threshold on average over 5 minutes, and no probe failed meanwhile.',
    impact:
      'Every page waits as long before the API even begins. If it goes on rising, probes time out and ApiDown fires.',
    diagnosis: [
      {
        look: 'In which phase the time is spent: resolve, connect, tls, processing, transfer',
        shell: "curl -s 'http://127.0.0.1:9090/api/v1/query?query=probe_http_duration_seconds'",
      },
      {
        look: 'The same from here',
        shell:
          "curl -so /dev/null -w 'resolve %{time_namelookup} connect %{time_connect} tls %{time_appconnect} first %{time_starttransfer}\\n' http://127.0.0.1:3000/health",
      },
      {
        look: 'Whether the event loop of the service lags',
        shell: 'curl -s http://127.0.0.1:9465/metrics | grep eventloop_lag_p99',
      },
    ],
    mitigation: [
      'processing: the service is busy; see EventLoopLagging and the slow statements.',
      'resolve: give the blackbox exporter a resolver that answers.',
      'connect or tls: the proxy has too few workers, or the host is short of CPU.',
    ],
  },
})

export const apiAnswerUnexpected = alert({
  name: 'ApiAnswerUnexpected',
  expr: and(
    or(ne(maxOverTime(probeStatusCode, '2m'), 200), gt(maxOverTime(probeRedirects, '2m'), 0)),
    eq(minOverTime(probeSuccess, '2m'), 1),
  ),
  for: '10m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) =>
    `${label('instance')} answers its health check with a redirect or a status other than 200: the probe judges some other page`,
  action:
    'Ask /health with curl -si and without following redirects. Whatever answers there stands in front of the API.',
  runbook: {
    meaning:
      'The probe counts as a success, because any status of 2xx at the end of any redirects is one. But the API answers 200 at once: ' +
      'something else answers in its place, such as a login or maintenance page of a proxy.',
    impact: 'ApiDown is blind meanwhile: it would not fire if the API behind that page went down.',
    diagnosis: [
      { look: 'Who answers, and where to', shell: 'curl -si --max-time 5 http://127.0.0.1:3000/health | head -20' },
      {
        look: 'What the probe saw',
        shell:
          'curl -sG http://127.0.0.1:9090/api/v1/query --data-urlencode \'query={__name__=~"probe_http_status_code|probe_http_redirects"}\'',
      },
    ],
    mitigation: [
      'Let the proxy pass /health on to the API.',
      'The address has changed: set API_URL to the one that answers itself, and run npm run generate.',
    ],
  },
})
