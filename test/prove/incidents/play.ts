import { setTimeout as delay } from 'node:timers/promises'
import type { Fired, Firing, Matcher, Played, Scene, Silence, Silenced } from './script.ts'

/** A play goes no further back in time, or ahead, than this. */
const longFiring = 3_600_000

/**
 * Milliseconds after which Prometheus tells again what still fires: a minute (`--rules.alert.resend-delay`) where the
 * recorder waits three, and so often where it waits some seconds. That it fired past its deadline is known by this alone.
 */
const again = 1_500

/** An alert that fires, as Alertmanager is told of it. */
interface Told {
  readonly labels: Firing['labels']
  readonly startsAt: number
  readonly endsAt: number
}

/** What Alertmanager is told, as Prometheus and amtool tell it. */
const talkTo = (alertmanager: string) => {
  const ask = async (path: string, init: RequestInit) => {
    const answer = await fetch(`${alertmanager}/api/v2/${path}`, {
      ...init,
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.timeout(10_000),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`Alertmanager answered ${answer.status} to ${path}: ${text}`)
    return text
  }
  const iso = (at: number) => new Date(at).toISOString()
  return {
    alerts: (told: readonly Told[]) =>
      ask('alerts', {
        method: 'POST',
        body: JSON.stringify(
          told.map(({ labels, startsAt, endsAt }) => ({
            labels,
            annotations: { summary: 'rehearsed' },
            startsAt: iso(startsAt),
            endsAt: iso(endsAt),
          })),
        ),
      }),
    silence: async (matchers: readonly Matcher[], from: number, until: number, id?: string): Promise<string> => {
      const body = {
        ...(id !== undefined && { id }),
        matchers: matchers.map((one) => ({ ...one, isEqual: true })),
        startsAt: iso(from),
        endsAt: iso(until),
        createdBy: 'rehearsal',
        comment: 'is being looked at',
      }
      return JSON.parse(await ask('silences', { method: 'POST', body: JSON.stringify(body) })).silenceID
    },
    unsilence: (id: string) => ask(`silence/${id}`, { method: 'DELETE' }),
  }
}

type Talk = ReturnType<typeof talkTo>

/** Alerts as a Prometheus tells them: what fires is told again and again, and never behind its end. */
const prometheus = (talk: Talk) => {
  const firing = new Map<Firing, Told>()
  let repeating: Promise<unknown> = Promise.resolve()
  let going = true
  return {
    begins: (one: Firing, startsAt: number) => {
      const told = { labels: one.labels, startsAt, endsAt: Date.now() + longFiring }
      firing.set(one, told)
      return talk.alerts([told])
    },
    ends: async (one: Firing, startsAt: number) => {
      firing.delete(one)
      await repeating
      const endsAt = Date.now()
      await talk.alerts([{ labels: one.labels, startsAt, endsAt }])
      return endsAt
    },
    repeat: async () => {
      while (going) {
        await delay(again)
        if (firing.size === 0) continue
        repeating = talk.alerts([...firing.values()])
        await repeating
      }
    },
    stop: () => {
      going = false
    },
  }
}

interface Stage {
  readonly talk: Talk
  readonly rules: ReturnType<typeof prometheus>
  /** Waits for a moment of the script, which is in milliseconds since 1970 then. */
  until(moment: number): Promise<number>
}

const playFiring = async ({ talk, rules, until }: Stage, firing: Firing): Promise<Fired> => {
  const { labels, heard, age, over } = firing
  const began = await until(heard)
  const startsAt = began - age * 1_000
  if (over - heard < 1) {
    const endsAt = startsAt + (over - heard) * 1_000
    await talk.alerts([{ labels, startsAt, endsAt }])
    return { labels, startsAt, heardAt: began, endsAt }
  }
  await rules.begins(firing, startsAt)
  const heardAt = Date.now()
  await until(over)
  const endsAt = await rules.ends(firing, startsAt)
  return { labels, startsAt, heardAt, endsAt }
}

const playSilence = async ({ talk, until }: Stage, silence: Silence): Promise<Silenced> => {
  const { matchers, made, begins, ends, by, longer } = silence
  const now = await until(made)
  const from = now + (begins - made) * 1_000
  const planned = now + ((longer?.first ?? (by === 'itself' ? ends : ends + 60)) - made) * 1_000
  const id = await talk.silence(matchers, from, planned)
  const last = now + (ends - made + (by === 'itself' ? 0 : 60)) * 1_000
  if (longer) {
    await until(longer.at)
    await talk.silence(matchers, from, last, id)
  }
  if (by === 'itself') return { matchers, from, until: last }
  await until(ends)
  await talk.unsilence(id)
  return { matchers, from, until: Date.now() }
}

const playScene = async (stage: Stage, { kind, firings, silences }: Scene): Promise<Played> => {
  const [fired, silenced] = await Promise.all([
    Promise.all(firings.map((one) => playFiring(stage, one))),
    Promise.all(silences.map((one) => playSilence(stage, one))),
  ])
  return { kind, fired, silenced }
}

/** Tells a real Alertmanager all that a script has in it, when its time has come. Resolves when everything is over. */
export const play = async (
  alertmanager: string,
  scenes: readonly Scene[],
  began = Date.now(),
): Promise<readonly Played[]> => {
  const until = async (moment: number) => {
    const at = began + moment * 1_000
    await delay(Math.max(0, at - Date.now()))
    return Date.now()
  }
  const talk = talkTo(alertmanager)
  const rules = prometheus(talk)
  const played = Promise.all(scenes.map((scene) => playScene({ talk, rules, until }, scene))).finally(rules.stop)
  const [scenesPlayed] = await Promise.all([played, rules.repeat()])
  return scenesPlayed
}

/** The same scene as if everything had happened at its very moment. */
export const imagined = ({ kind, firings, silences }: Scene): Played => ({
  kind,
  fired: firings.map(({ labels, heard, age, over }) => ({
    labels,
    startsAt: (heard - age) * 1_000,
    heardAt: heard * 1_000,
    endsAt: over * 1_000,
  })),
  silenced: silences.map(({ matchers, begins, ends }) => ({ matchers, from: begins * 1_000, until: ends * 1_000 })),
})
