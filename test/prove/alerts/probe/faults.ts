import {
  certificateExpired,
  certificateExpiresSoon,
  certificateExpiring,
} from '../../../../alerts/probe/certificates.ts'
import { apiAnswerUnexpected, apiDown, apiProbeSlow } from '../../../../alerts/probe/reach.ts'
import type { Running } from '../../../../compose/local/process.ts'
import type { Authority } from '../../../integration/certificates.ts'
import type { Provocation } from '../provocation.ts'
import type { Front, Manner, SecureFront } from './front.ts'

/** A service that can be started again where it was. */
export interface Restartable {
  readonly port: number
  running(): Running
  start(): Promise<unknown>
}

/** What a probe by http meets. */
export const reachFaults = (instance: string, service: Restartable, front: Front): readonly Provocation[] => {
  const labels = { job: 'probe', instance }
  const becoming = (manner: Manner) => async () => front.become(manner)
  const unexpected = [{ alert: apiAnswerUnexpected, labels }] as const
  return [
    {
      fault: 'the service is killed (SIGKILL), and the proxy in front of it answers 502',
      fires: [{ alert: apiDown, labels }],
      bring: async () => {
        process.kill(service.running().pid, 'SIGKILL')
        await service.running().exited
      },
      end: service.start,
    },
    {
      fault: 'the service hangs (SIGSTOP)',
      fires: [{ alert: apiDown, labels }],
      bring: async () => process.kill(service.running().pid, 'SIGSTOP'),
      end: async () => process.kill(service.running().pid, 'SIGCONT'),
    },
    {
      fault: 'the proxy takes its time',
      fires: [{ alert: apiProbeSlow, labels }],
      bring: becoming('late'),
      end: becoming('pass'),
    },
    {
      fault: 'the proxy sends everybody to its login page',
      fires: unexpected,
      bring: becoming('login'),
      end: becoming('pass'),
    },
    {
      fault: 'the proxy answers with a page of its own and status 203',
      fires: unexpected,
      bring: becoming('maintenance'),
      end: becoming('pass'),
    },
  ]
}

/** What certificates are for, and how many days a new one is valid. */
export const hosts: readonly string[] = ['localhost']
export const newDays = 90
const briefSeconds = 12
const daySeconds = 86_400

/** Certificates that are not renewed in time. */
export const certificateFaults = (
  instance: string,
  front: SecureFront,
  { issue }: Authority,
): readonly Provocation[] => {
  const labels = { job: 'probe', instance }
  const serving = (days: number) => async () => front.renew(issue(`for-${days}-days`, hosts, days))
  return [
    {
      fault: 'a certificate with ten days left is served',
      fires: [{ alert: certificateExpiring, labels }],
      bring: serving(10),
      end: serving(newDays),
    },
    {
      fault: 'a certificate with two days left is served',
      fires: [{ alert: certificateExpiresSoon, labels }],
      bring: serving(2),
      end: serving(newDays),
    },
    {
      fault: `a certificate expires ${briefSeconds} s after it was first served, and is distrusted from then on`,
      fires: [
        { alert: certificateExpired, labels },
        { alert: apiDown, labels },
      ],
      bring: serving(briefSeconds / daySeconds),
      end: serving(newDays),
    },
  ]
}
