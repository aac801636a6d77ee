import { execFileSync } from 'node:child_process'
import { instruments } from '../../exporters/service/instruments/instruments.ts'
import { serviceLog } from '../../exporters/service/log/log.ts'

/** What the child does: logs numbered lines, and ends in one of these ways. */
export interface Task {
  readonly folder: string
  readonly lines: number
  readonly size?: number
  readonly keep?: number
  readonly console?: boolean
  readonly end: 'exit' | 'throw' | 'SIGTERM' | 'SIGKILL' | 'when asked' | 'once there is room'
}

const task: Task = JSON.parse(process.argv[2] ?? '')
const counts = instruments({ report: () => undefined })
const log = serviceLog({ service: 'child', console: false, report: () => undefined, instruments: counts, ...task })
let number = 0
const write = () => {
  if (number % 10 === 0) log.error('a line', { number })
  else log.info('a line', { number })
  number += 1
}
while (number < task.lines) write()

if (task.end === 'exit') process.exit(0)
if (task.end === 'throw') throw new Error('nobody catches it')
if (task.end === 'SIGTERM' || task.end === 'SIGKILL') process.kill(process.pid, task.end)
if (task.end === 'when asked') {
  const timer = setInterval(write, 1)
  process.once('SIGTERM', async () => {
    clearInterval(timer)
    await log.close()
    console.log(number)
  })
}
if (task.end === 'once there is room') {
  const heap = process.memoryUsage().heapUsed
  execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited'])
  write()
  await log.close()
  const series = (await counts.readings()).flatMap(({ lines }) => [...lines(false)])
  console.log(JSON.stringify({ heap, lost: series.find(([name]) => name === 'log_messages_lost_total')?.[1] }))
}
