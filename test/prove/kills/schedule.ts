import { setTimeout as delay } from 'node:timers/promises'
import { redisDown } from '../../../alerts/redis/availability.ts'
import { responseOf } from '../ladder/law.ts'
import { often, type Pace } from '../ladder/pace.ts'
import type { vitalsOf } from './exporter.ts'
import { moments } from './moments.ts'

/** Milliseconds since 1970: when all that is killed is killed, and when the fault of each server begins and ends. */
export interface Times {
  readonly killAt: number
  readonly began: ReadonlyMap<string, number>
  readonly ended: ReadonlyMap<string, number>
}

/** Until every lane is ready to watch. */
const lead = 3000

/** Puts each alert at its step at one moment, and goes through with it. */
export const scheduled = (pace: Pace, vitals: Awaited<ReturnType<typeof vitalsOf>>) => {
  const response = responseOf(pace, redisDown)
  const interval = pace.milliseconds('15s', often)
  // It has fired for Alertmanager after its delay, and half an evaluation and half a scrape on average.
  const untilFired = pace.milliseconds(redisDown.for) + interval
  const killAt = Date.now() + lead + untilFired + response * Math.max(...moments.map(({ age }) => age))
  const at = (age: number, share: number) => killAt + (share - age) * response
  const times: Times = {
    killAt,
    began: new Map(moments.map(({ instance, age }) => [instance, at(age, 0) - untilFired])),
    ended: new Map(moments.map(({ instance, age, end }) => [instance, at(age, end)])),
  }
  const playing = moments.map(async ({ instance }) => {
    const until = (moment = 0) => delay(Math.max(0, moment - Date.now()))
    await until(times.began.get(instance))
    vitals.down(instance)
    await until(times.ended.get(instance))
    vitals.up(instance)
  })
  return { times, playing: Promise.all(playing) }
}
