import type { Running } from '../../../../compose/local/process.ts'
import { eventually } from '../../../integration/servers.ts'
import { burnAlert, exhausted, slo, unknown } from '../../../promtool/promise-names.ts'
import type { Provocation, Watch } from '../provocation.ts'
import type { Api } from './stand.ts'

/** Every so manieth is bad: four times what the promises leave, where one request in five is a booking. */
const [failingSeldom, lateSeldom] = [50, 25] as const
/** An error budget is whole again once good events outweigh the bad ones: four times as long as it took to tell of three days. */
const untilDiluted = 1100

/** Seconds of events before a fault, so that there was a good time. */
const goodSeconds = 12

const wentWell = (watch: Watch, promise: keyof typeof slo) =>
  eventually(
    () => watch.query(`count_over_time(slo:total_events:rate5m{slo="${slo[promise]}"}[1m]) > ${goodSeconds}`),
    (found) => found.length > 0,
    { within: 60_000, every: 500 },
  )

const paused = ({ running }: { running(): Running }) => ({
  bring: async () => process.kill(running().pid, 'SIGSTOP'),
  end: async () => process.kill(running().pid, 'SIGCONT'),
})

/** Of an API that many ask. It hangs last: until Prometheus has found it, as much is missing. */
export const bookingFaults = (api: Api, watch: Watch): readonly Provocation[] => [
  {
    fault: `every ${failingSeldom}th booking fails with status 500`,
    fires: [
      { alert: burnAlert('httpAvailability', '1d') },
      { alert: burnAlert('httpAvailability', '3d') },
      { alert: exhausted('httpAvailability') },
      { alert: burnAlert('reservationSuccess', '1d') },
      { alert: burnAlert('reservationSuccess', '3d') },
      { alert: exhausted('reservationSuccess') },
    ],
    before: () => wentWell(watch, 'reservationSuccess'),
    bring: () => api.become({ failing: failingSeldom }),
    end: () => api.become({ failing: 0 }),
    patience: untilDiluted,
  },
  {
    fault: 'every booking fails with status 500',
    fires: [
      { alert: burnAlert('httpAvailability', '1h') },
      { alert: burnAlert('httpAvailability', '6h') },
      { alert: burnAlert('reservationSuccess', '1h') },
      { alert: burnAlert('reservationSuccess', '6h') },
    ],
    bring: () => api.become({ failing: 1 }),
    end: () => api.become({ failing: 0 }),
  },
  {
    fault: 'the API hangs (SIGSTOP), and nothing is measured',
    fires: [
      { alert: unknown('httpAvailability') },
      { alert: unknown('httpLatency') },
      { alert: unknown('reservationSuccess') },
    ],
    ...paused(api),
  },
]

/** Of the same API: a late answer is no failed one. */
export const latencyFaults = (api: Api, watch: Watch): readonly Provocation[] => [
  {
    fault: `every ${lateSeldom}th answer takes longer than promised`,
    fires: [
      { alert: burnAlert('httpLatency', '1d') },
      { alert: burnAlert('httpLatency', '3d') },
      { alert: exhausted('httpLatency') },
    ],
    before: () => wentWell(watch, 'httpLatency'),
    bring: () => api.become({ late: lateSeldom }),
    end: () => api.become({ late: 0 }),
    patience: untilDiluted,
  },
  {
    fault: 'every answer takes longer than promised',
    fires: [{ alert: burnAlert('httpLatency', '1h') }, { alert: burnAlert('httpLatency', '6h') }],
    bring: () => api.become({ late: 1 }),
    end: () => api.become({ late: 0 }),
  },
]

/** Of an API that only probes ask. */
export const reachFaults = (api: Api, blackbox: Running, watch: Watch): readonly Provocation[] => [
  {
    fault: 'the API is killed (SIGKILL)',
    fires: [
      { alert: burnAlert('apiReachable', '1h') },
      { alert: burnAlert('apiReachable', '6h') },
      { alert: burnAlert('apiReachable', '1d') },
      { alert: burnAlert('apiReachable', '3d') },
      { alert: exhausted('apiReachable') },
    ],
    before: () => wentWell(watch, 'apiReachable'),
    bring: async () => {
      process.kill(api.running().pid, 'SIGKILL')
      await api.running().exited
    },
    end: api.start,
    // Until thirty days, and an hour after them, have passed: a total outage is forgotten only with the period.
    patience: 1100,
  },
  {
    fault: 'the blackbox exporter hangs (SIGSTOP), and nobody probes',
    fires: [{ alert: unknown('apiReachable') }],
    ...paused({ running: () => blackbox }),
  },
]
