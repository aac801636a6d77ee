import {
  instrumentationFaulty,
  logErrorsSurging,
  logLinesLost,
  seriesLimited,
} from '../../../../alerts/service/instrumentation.ts'
import { handlesLeaking, memoryGrowing, serviceErrors, serviceRestarting } from '../../../../alerts/service/process.ts'
import { eventually } from '../../../integration/servers.ts'
import { limitFiles } from '../limit-files.ts'
import type { Provocation, Watch } from '../provocation.ts'
import { renaming } from './database-faults.ts'
import type { Started } from './stand.ts'
import { during, tell } from './traffic.ts'

const logLane = ({ origin, pid, scraped: { instance } }: Started, database: string): readonly Provocation[] => {
  const menus = renaming(database, 'menus')
  const errors = during(12, { url: `${origin}/menus` })
  // Lines wait until there is a megabyte of them.
  const notes = during(10, {
    url: `${origin}/notes`,
    method: 'POST',
    body: { lines: Array(100).fill('x'.repeat(900)) },
  })
  return [
    {
      fault: 'a table was renamed, and every request for it logs an error',
      fires: [{ alert: logErrorsSurging, labels: { instance } }],
      bring: async () => {
        await menus.away()
        await errors.bring()
      },
      end: async () => {
        await errors.end()
        await menus.back()
      },
    },
    {
      fault: 'the kernel takes no further byte for the log (prlimit --fsize)',
      fires: [{ alert: logLinesLost, labels: { instance } }],
      bring: async () => {
        await limitFiles(pid, '0')
        await notes.bring()
      },
      end: async () => {
        await notes.end()
        await limitFiles(pid, 'unlimited')
      },
    },
  ]
}

const codeLanes = ({ origin, scraped: { instance } }: Started): readonly (readonly Provocation[])[] => {
  let guest = 0
  const newTown = () => {
    guest += 1
    return `${origin}/guests/town-${guest}`
  }
  return [
    [
      {
        fault: 'a promise that nobody waits for is rejected',
        fires: [{ alert: serviceErrors, labels: { instance, kind: 'unhandledRejection' } }],
        bring: () => fetch(`${origin}/mail`),
        // The code goes on; it is over when it has not happened for a while.
        end: async () => undefined,
      },
    ],
    [
      {
        fault: 'the code counts what is no number',
        fires: [{ alert: instrumentationFaulty, labels: { instance, part: 'turnover_euros_total' } }],
        ...during(2, { url: `${origin}/pay/forty` }),
      },
    ],
    [
      {
        fault: 'a label takes whatever guests write',
        fires: [{ alert: seriesLimited, labels: { instance, metric: 'guests_total' } }],
        ...during(8, { url: newTown }),
      },
    ],
  ]
}

type Start = (again: Started) => Promise<Started>

const restartsLane = (first: Started, start: Start, watch: Watch): readonly Provocation[] => {
  const { instance } = first.scraped
  let wrong = true
  let over: Promise<unknown> = Promise.resolve()
  const startTime = async () =>
    (await watch.query(`process_start_time_seconds{instance="${instance}"}`))[0]?.value[1] ?? ''
  const fallAgainAndAgain = async () => {
    let running = first
    for (let known = await startTime(); wrong; ) {
      await tell(`${running.origin}/fall`)
      await running.exited
      running = await start(running)
      const before = known
      known = await eventually(startTime, (time) => time !== '' && time !== before)
    }
  }
  return [
    {
      fault: 'an exception ends the process each time it has been started',
      fires: [{ alert: serviceRestarting, labels: { instance } }],
      bring: async () => {
        over = fallAgainAndAgain()
        // Whoever ends it is told.
        over.catch(() => undefined)
      },
      end: async () => {
        wrong = false
        await over
      },
    },
  ]
}

/** It leaks from the start, and has the lowest of a day ago to be compared with. */
const leakLane = (leaking: Started, start: Start, port: number): readonly Provocation[] => {
  const { instance } = leaking.scraped
  const guests = during(1, { url: `${leaking.origin}/watch/${port}`, method: 'POST' })
  return [
    {
      fault: 'each request leaves a connection open, and in memory what came by it',
      fires: [
        { alert: memoryGrowing, labels: { instance } },
        { alert: handlesLeaking, labels: { instance } },
      ],
      bring: guests.bring,
      end: async () => {
        await guests.end()
        await leaking.stop()
        await start(leaking)
      },
      patience: 480,
    },
  ]
}

export interface CodeStage {
  readonly api: Started
  readonly database: string
  readonly restarting: Started
  readonly start: Start
  readonly leaking: Started
  /** Where leaked connections lead. */
  readonly leakPort: number
}

/** Faults of the code of a service, and of what it writes. */
export const codeFaultLanes = (stage: CodeStage, watch: Watch): readonly (readonly Provocation[])[] => [
  logLane(stage.api, stage.database),
  ...codeLanes(stage.api),
  restartsLane(stage.restarting, stage.start, watch),
  leakLane(stage.leaking, stage.start, stage.leakPort),
]
