import { openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { FolderTaken, lockFolder } from '../../exporters/folder-lock.ts'

/** Takes the lock again and again; whoever has it is alone in the room, and says so where it is not. */
const folder = process.argv[2] ?? ''
const room = join(folder, 'room')

/** PF_EXITING of Linux. */
const ending = 0x4

const isThere = (pid: number) => {
  try {
    process.kill(pid, 0)
    // Behind the name: the state, five numbers, and what the kernel notes of it.
    const [, state, flags] = /\) (\S) (?:\S+ ){5}(\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    // One that was killed is there until its parent has heard of it, and its sockets are closed before: it is ending.
    return state !== 'Z' && (Number(flags) & ending) === 0
  } catch {
    return false
  }
}

const enter = () => {
  try {
    writeSync(openSync(room, 'wx'), String(process.pid))
  } catch {
    const other = Number(readFileSync(room, 'utf8'))
    if (isThere(other)) console.log(`two at a time: ${process.pid} met ${other}`)
    rmSync(room, { force: true })
    writeSync(openSync(room, 'w'), String(process.pid))
  }
}

while (true) {
  try {
    const lock = await lockFolder(folder, { socket: 'run.sock', taken: ['taken', 'wait'], variable: 'FOLDER' })
    enter()
    console.log('in')
    await delay(Math.random() * 20)
    if (!lock.holds()) console.log(`the lock of ${process.pid} was lost`)
    rmSync(room)
    await lock.release()
  } catch (cause) {
    if (!(cause instanceof FolderTaken)) console.log(`unexpected: ${String(cause)}`)
  }
  await delay(Math.random() * 3)
}
