import { setTimeout as delay } from 'node:timers/promises'
import {
  scrapeSlow,
  stackProgramRestarting,
  targetAbsent,
  targetDown,
  targetUnreliable,
} from '../../../../alerts/stack/targets.ts'
import { again } from '../again.ts'
import type { Line } from '../line.ts'
import type { Adjustment, Provocation } from '../provocation.ts'
import type { Judge } from './judge.ts'
import type { Restartable } from './restartable.ts'

export const targetsAdjusted: readonly Adjustment[] = [
  { alert: scrapeSlow, threshold: '500 ms', why: 'half of the second after which a scrape counts as failed here' },
]

/** Milliseconds that an answer takes on its way; the scrape gives up after a second. */
const late = 750

/** A node exporter that nobody else needs. */
export const targetFaults = (instance: string, spare: Restartable, judge: Judge): readonly Provocation[] => {
  const labels = { instance }
  const pause = again(5_000, async () => {
    process.kill(spare.pid(), 'SIGSTOP')
    await delay(2_500)
    process.kill(spare.pid(), 'SIGCONT')
  })
  return [
    {
      fault: 'a target is stopped for two seconds and a half, again and again (SIGSTOP, SIGCONT)',
      fires: [{ alert: targetUnreliable, labels }],
      bring: pause.begin,
      end: pause.end,
    },
    {
      fault: 'a target is killed (kill -9)',
      fires: [{ alert: targetDown, labels }],
      bring: spare.kill,
      end: () => spare.start(),
    },
    {
      fault: 'a target is taken out of its job in the configuration of Prometheus',
      fires: [{ alert: targetAbsent, labels }],
      // With its whole job its last sample would count for five minutes more, which do not pass faster.
      bring: () => judge.change({ job: 'node', instance }, (config) => ({ ...config, static_configs: [] })),
      end: () => judge.restore({ job: 'node', instance }),
    },
  ]
}

/** A node exporter that is killed every few seconds. */
export const restartFaults = (instance: string, restless: Restartable): readonly Provocation[] => {
  const restart = again(2_500, async () => {
    await restless.kill()
    await restless.start()
  })
  return [
    {
      fault: 'a program is killed and started, again and again',
      fires: [{ alert: stackProgramRestarting, labels: { instance } }],
      bring: restart.begin,
      end: restart.end,
    },
  ]
}

/** A way to a target that is slow. */
export const slowFaults = (instance: string, line: Line): readonly Provocation[] => [
  {
    fault: 'a way to a target on which an answer takes three quarters of a second',
    fires: [{ alert: scrapeSlow, labels: { instance } }],
    bring: async () => line.slow(late),
    end: async () => line.slow(0),
  },
]
