import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { leash } from './leash.ts'
import { endLeftover, removePidFile, writePidFile } from './leftovers.ts'
import { lastWords, openLog, readTail } from './log-file.ts'

export interface Exit {
  /** True when `stop()` was called before. */
  readonly asked: boolean
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** A sentence with the component's name, how it ended and its last log lines. */
  readonly message: string
}

export interface Running {
  readonly name: string
  readonly pid: number
  readonly log: string
  /** Never rejects. */
  readonly exited: Promise<Exit>
  /** Signal, grace, SIGKILL; resolves when the process is really gone. May be called twice. */
  stop(): Promise<Exit>
}

export interface Server extends Running {
  readonly url: string
}

export interface ProcessOptions {
  readonly name: string
  /** Its log is `<home>.log`, its pid file `<home>.pid`; a server with data keeps them in the folder `<home>`. */
  readonly home: string
  readonly command: string
  readonly args?: readonly string[]
  /** A program that changes user or namespace and then executes the command (no fork: the pid must stay). */
  readonly wrap?: readonly string[]
  /** Added to our own environment. */
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly uid?: number
  readonly gid?: number
  /** A line of its log, or a question asked again and again; one that throws is a no. */
  readonly ready: RegExp | (() => Promise<boolean>)
  /** Milliseconds: half a minute, where nothing else is said. */
  readonly readyWithin?: number
  readonly stopSignal?: NodeJS.Signals
  readonly grace?: number
  /** Gives up waiting for readiness, and stops the process. */
  readonly signal?: AbortSignal
}

const poll = 25

const spawnChild = (options: ProcessOptions, logFile: string) => {
  const { name, command, args = [], wrap = [], stopSignal = 'SIGTERM', env, cwd, uid, gid } = options
  const [first = command, ...rest] = [...wrap, ...leash(stopSignal), command, ...args]
  const log = openLog(logFile)
  try {
    // A session of its own: the terminal's Ctrl-C reaches us alone, and we end the servers in our order.
    return spawn(first, rest, {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...env },
      ...(cwd !== undefined && { cwd }),
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
    })
  } catch (cause) {
    throw new Error(`could not start ${name}`, { cause })
  } finally {
    closeSync(log)
  }
}

const kill = (pid: number, signal: NodeJS.Signals) => {
  try {
    process.kill(pid, signal)
  } catch {
    // It went in between, which is what was wanted.
  }
}

const watch = (child: ChildProcess, pid: number, options: ProcessOptions, log: string): Running => {
  const { name, home, stopSignal = 'SIGTERM', grace = 10_000 } = options
  let asked = false
  let gone = false
  const exited = new Promise<Exit>((done) => {
    child.once('exit', (code, signal) => {
      gone = true
      removePidFile(`${home}.pid`)
      const how = code === null ? `was ended by ${signal}` : `ended with exit code ${code}`
      done({ asked, code, signal, message: `${name} ${how}. ${lastWords(log, home)}` })
    })
  })
  const stop = async () => {
    if (!asked && !gone) {
      asked = true
      kill(pid, stopSignal)
      // The whole group: a server that ignored the first signal may have left its own children behind.
      const timer = setTimeout(() => kill(-pid, 'SIGKILL'), grace).unref()
      void exited.then(() => clearTimeout(timer))
    }
    return exited
  }
  return { name, pid, log, exited, stop }
}

const isReady = async (ready: ProcessOptions['ready'], log: string) => {
  if (ready instanceof RegExp) return ready.test(readTail(log))
  return ready().catch(() => false)
}

const waitUntilReady = async (running: Running, options: ProcessOptions) => {
  const { name, home, ready, readyWithin = 30_000, signal } = options
  const deadline = Date.now() + readyWithin
  let exit: Exit | undefined
  void running.exited.then((result) => {
    exit = result
  })
  while (true) {
    const yes = await isReady(ready, running.log)
    if (exit) throw new Error(`could not start ${name}: ${exit.message}`)
    if (yes) return
    signal?.throwIfAborted()
    if (Date.now() > deadline) {
      throw new Error(`${name} was not ready within ${readyWithin / 1000} s. ${lastWords(running.log, home)}`)
    }
    await Promise.race([running.exited, delay(poll)])
  }
}

/** Starts a child that ends with us, and resolves when it is ready to serve. */
export const startProcess = async (given: ProcessOptions): Promise<Running> => {
  const options = { ...given, home: resolve(given.home) }
  const { name, home, stopSignal = 'SIGTERM', signal } = options
  signal?.throwIfAborted()
  mkdirSync(dirname(home), { recursive: true })
  await endLeftover(`${home}.pid`)
  const child = spawnChild(options, `${home}.log`)
  if (child.pid === undefined) {
    const cause = await new Promise((done) => child.once('error', done))
    throw new Error(`could not start ${name}`, { cause })
  }
  writePidFile(`${home}.pid`, { name, pid: child.pid, signal: stopSignal })
  const running = watch(child, child.pid, options, `${home}.log`)
  try {
    await waitUntilReady(running, options)
    return running
  } catch (cause) {
    await running.stop()
    throw cause
  }
}
