import { join } from 'node:path'
import { startProcess } from '../../../compose/local/process.ts'
import { severities } from '../../../config/sla.ts'
import { bundleOurs } from '../../bench/contestants.ts'
import { often, type Pace } from './pace.ts'
import type { Recording } from './recorder-process.ts'

interface RecorderOptions {
  readonly home: string
  readonly ports: Readonly<Record<'alertmanager' | 'recorder', number>>
  readonly pace: Pace
  readonly ledger?: string
}

let bundle: Promise<string> | undefined

const recordingOf = ({ home, ports, pace, ledger }: RecorderOptions): Recording => ({
  port: ports.recorder,
  alertmanagerUrl: `http://127.0.0.1:${ports.alertmanager}`,
  folder: join(home, 'incidents'),
  ...(ledger !== undefined && { database: ledger }),
  responseTimes: Object.fromEntries(
    Object.entries(severities).map(([name, { respondWithinHours }]) => [
      name,
      pace.seconds(respondWithinHours * 3600) * 1000,
    ]),
  ),
  pollMs: pace.milliseconds('15s', often),
  settleMs: pace.milliseconds('3m', 8 * often),
  staleMs: pace.milliseconds('5m', 12 * often),
})

/** Our recorder of incidents in a process of its own, where times pass faster. */
export const startRecorder = async (options: RecorderOptions) => {
  bundle ??= bundleOurs(new URL('recorder-process.ts', import.meta.url))
  const recording = recordingOf(options)
  return startProcess({
    name: 'the recorder',
    home: join(options.home, 'recorder'),
    command: process.execPath,
    args: [await bundle, JSON.stringify(recording)],
    env: { NODE_ENV: 'production', NODE_OPTIONS: '' },
    ready: async () => (await fetch(`http://127.0.0.1:${recording.port}/health`)).ok,
  })
}
