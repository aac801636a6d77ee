import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { DriverSetting } from '../../config/restart.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { within } from '../../exporters/time-limit.ts'
import { Refused } from '../job.ts'
import { findProgram, output } from '../program.ts'

/** How the API is restarted. */
export interface Driver {
  /** The command, for people. */
  readonly words: string
  /**
   * Looks whether it could. Changes nothing.
   * @throws Refused naming what is missing, and what to do
   */
  check(signal: AbortSignal): Promise<void>
  /**
   * Restarts it. It may not be ready yet when this resolves.
   * @throws Error with what the program said
   */
  restart(signal: AbortSignal): Promise<void>
}

export const driverOf = (setting: DriverSetting): Driver => {
  if (setting.by === 'pm2') return pm2(setting)
  if (setting.by === 'systemd') return systemd(setting.unit)
  if (setting.by === 'compose') return compose(setting)
  return docker(setting.container)
}

const program = (name: string, remedy: string): string => {
  const found = findProgram(name)
  if (found === undefined) throw new Refused([`there is no ${name} on PATH: ${remedy}`])
  return found
}

const pm2 = ({ process: name, home = join(homedir(), '.pm2') }: Extract<DriverSetting, { by: 'pm2' }>): Driver => {
  const ask = (args: readonly string[], signal: AbortSignal) =>
    output([program('pm2', 'npm install -g pm2'), ...args], {
      signal,
      env: { PM2_HOME: home, PM2_DISCRETE_MODE: 'true' },
    })
  // Whatever it is asked, PM2 starts its daemon where none runs: with our environment, and with no process.
  const daemon = () => {
    if (!runs(join(home, 'pm2.pid'))) {
      throw new Refused([`PM2 does not run with its folder ${home}: start ${name} with it, as the user of this job`])
    }
  }
  return {
    words: `pm2 restart ${name}`,
    check: async (signal) => {
      program('pm2', 'npm install -g pm2')
      daemon()
      const known = await ask(['id', name], signal)
      if (/\d/.test(known)) return
      throw new Refused([`PM2 knows no process ${name}: start it with that name, or name another in config/restart.ts`])
    },
    restart: async (signal) => {
      daemon()
      await ask(['restart', name], signal)
    },
  }
}

const runs = (pidFile: string) => {
  if (!existsSync(pidFile)) return false
  try {
    return process.kill(Number(readFileSync(pidFile, 'utf8')), 0)
  } catch {
    return false
  }
}

const systemd = (unit: string): Driver => ({
  words: `systemctl restart ${unit}`,
  check: async (signal) => {
    const systemctl = program('systemctl', 'set another driver in config/restart.ts')
    const state = await output([systemctl, 'show', '--property=LoadState', '--value', unit], { signal })
    if (state.trim() === 'loaded') return
    throw new Refused([`systemd knows no unit ${unit}: install it, or name another in config/restart.ts`])
  },
  restart: async (signal) =>
    void (await output([program('systemctl', 'is it systemd?'), '--no-ask-password', 'restart', unit], { signal })),
})

const docker = (container: string): Driver => ({
  words: `docker restart ${container}`,
  check: async (signal) => {
    const found = program('docker', 'set another driver in config/restart.ts')
    await output([found, 'container', 'inspect', '--format', '{{.Id}}', container], { signal }).catch(
      (cause: unknown) => {
        signal.throwIfAborted()
        throw new Refused(
          [`Docker does not answer, or has no container ${container}: name another in config/restart.ts`],
          {
            cause,
          },
        )
      },
    )
  },
  restart: async (signal) => void (await output([program('docker', 'install it'), 'restart', container], { signal })),
})

const compose = ({ file, service }: Extract<DriverSetting, { by: 'compose' }>): Driver => {
  const ask = (args: readonly string[], signal: AbortSignal) =>
    output([program('docker', 'set another driver in config/restart.ts'), 'compose', '--file', file, ...args], {
      signal,
    })
  return {
    words: `docker compose restart ${service}`,
    check: async (signal) => {
      const services = await ask(['ps', '--all', '--services'], signal).catch((cause: unknown) => {
        signal.throwIfAborted()
        throw new Refused(
          [`Docker does not answer, or cannot read ${file}: name another in config/restart.ts (${wordsOf(cause)})`],
          { cause },
        )
      })
      if (services.split('\n').includes(service)) return
      throw new Refused([`${file} has no service ${service} that was started: name another in config/restart.ts`])
    },
    restart: async (signal) => void (await ask(['restart', service], signal)),
  }
}

/** Milliseconds: between two questions, and for an answer. */
const patience = { pause: 250, answer: 5_000 }

/**
 * Resolves once the address answers with 200. Without a limit of its own.
 * @throws Error as `signal` has it, where that aborts
 */
export const waitHealthy = async (url: string, signal: AbortSignal): Promise<void> => {
  while (!(await isHealthy(url, signal))) await delay(patience.pause, undefined, { signal })
}

/** Whether it answers with 200 within a few seconds. */
export const isHealthy = async (url: string, signal: AbortSignal): Promise<boolean> => {
  signal.throwIfAborted()
  try {
    const either = within(patience.answer, signal)
    const answer = await fetch(url, { redirect: 'error', signal: either })
    await answer.body?.cancel()
    return answer.status === 200
  } catch {
    signal.throwIfAborted()
    return false
  }
}
