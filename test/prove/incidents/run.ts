import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { alertmanagerConfig } from '../../../compose/alertmanager/config.ts'
import { composeDeployment } from '../../../compose/deployment.ts'
import { ensurePrograms } from '../../../compose/local/programs.ts'
import { startAlertmanager } from '../../../compose/local/servers.ts'
import { eventually, freePort, type workshop } from '../../integration/servers.ts'
import { diceOf } from '../dice.ts'
import { compared, countsBack, readRecorder } from './compare.ts'
import { type Courier, startCourier } from './courier.ts'
import { hurried } from './hurried.ts'
import { play } from './play.ts'
import { openRecorder, type Recorder } from './recorder.ts'
import type { Scene } from './script.ts'
import { incidentsOf, type Resolution } from './tally.ts'

type Shop = ReturnType<typeof workshop>

/** Which Alertmanager, and where incidents are kept. */
export interface Setting {
  readonly alertmanager: 'alertmanager' | 'alertmanager-0.3'
  readonly ledger: 'file' | 'PostgreSQL'
}

interface RunOptions extends Setting {
  readonly bundle: string
  readonly seed: number
  readonly scenes: readonly Scene[]
  /** Seconds after the beginning at which the recorder is killed, or ended where it is every third time. */
  readonly restarts: readonly number[]
  /** Milliseconds that an alert must be gone: longer than Alertmanager may wait before it tries again to tell its end. */
  readonly settleMs: number
}

/** Alertmanager and the recorder look so often, in milliseconds. */
const pace = { group_wait: '1s', group_interval: '2s', repeat_interval: '1h' } as const
const pollMs = 500
/** Milliseconds for which the recorder is left away, and may be away with its start: Alertmanager tries for ten seconds. */
const [leftAway, mostAway] = [1_500, 6_000] as const
/** A notification waits for its group, for others before it, for a recorder that is away, for the courier. */
const resolution: Resolution = { notify: 30_000, moment: 1_500, find: 15_000 }
const everySample = 1_000

const openAlertmanager = async (shop: Shop, home: string, program: Setting['alertmanager'], courier: Courier) => {
  const port = await freePort()
  const { pager: _, ...deployment } = composeDeployment
  const incidents = new URL(courier.url).host
  const text = alertmanagerConfig({ ...deployment, incidents, hasSecret: () => false })
  mkdirSync(home, { recursive: true })
  const configFile = join(home, 'alertmanager.yml')
  writeFileSync(configFile, hurried(text, pace))
  const programs = await ensurePrograms([program])
  const found = programs[program]
  const server = await startAlertmanager({ program: found, dataDir: join(home, 'alertmanager'), port, configFile })
  return { ...shop.keep(server), version: found.version }
}

const keptIn = async (shop: Shop, home: string, ledger: Setting['ledger']) =>
  ledger === 'file' ? { folder: join(home, 'incidents') } : { database: (await shop.postgres()).url }

const restarted = async (recorder: Recorder, moments: readonly number[], began: number) => {
  for (const [place, moment] of moments.entries()) {
    await delay(Math.max(0, began + moment * 1_000 - Date.now()))
    await recorder.restart(place % 3 === 2 ? 'SIGTERM' : 'SIGKILL', (place * 700) % leftAway)
  }
}

/** Reads the counters again and again; what counts back is a fault. */
const sampled = (recorder: Recorder) => {
  let going = true
  const faults: string[] = []
  const reading = (async () => {
    let before: Awaited<ReturnType<typeof readRecorder>> = new Map()
    while (going) {
      await delay(everySample)
      // Between two lives it does not answer.
      const now = await readRecorder(recorder.url).catch(() => undefined)
      if (!now) continue
      faults.push(...countsBack(before, now))
      before = now
    }
  })()
  return async () => {
    going = false
    await reading
    return faults
  }
}

/** A script played to one Alertmanager, and what came of it. */
export const run = async (shop: Shop, options: RunOptions) => {
  const { scenes, ledger, seed, bundle, settleMs } = options
  const home = join(shop.folder, `${options.alertmanager}-${ledger}`)
  const port = await freePort()
  const courier = await startCourier(`http://127.0.0.1:${port}/alertmanager`, diceOf(seed))
  let endSampling = async (): Promise<readonly string[]> => []
  try {
    const { url, version } = await openAlertmanager(shop, home, options.alertmanager, courier)
    const settings = { port, alertmanagerUrl: url, keptIn: await keptIn(shop, home, ledger), pollMs, settleMs }
    const recorder = await openRecorder(shop, home, bundle, settings)
    endSampling = sampled(recorder)
    const began = Date.now()
    const [played] = await Promise.all([play(url, scenes, began), restarted(recorder, options.restarts, began)])
    await courier.empty()
    const incidents = played.flatMap((scene) => incidentsOf(scene, resolution))
    const look = async () => compared(incidents, await readRecorder(recorder.url))
    // What is not right by then is told, and not that it took too long.
    const settled = await eventually(look, ({ faults }) => faults.length === 0, {
      within: 30_000 + settleMs,
      every: 500,
    }).catch(look)
    const fellBack = await endSampling()
    if (settled.faults.length > 0 && recorder.longestAway > mostAway) {
      throw new Error(
        `the recorder was away for ${recorder.longestAway} ms, in which Alertmanager may give up: once more, on a machine that has time`,
      )
    }
    return {
      ...settled,
      faults: [...settled.faults, ...fellBack],
      version,
      incidents,
      recorder,
      deliveries: courier.counts,
    }
  } finally {
    await endSampling()
    courier.close()
  }
}
