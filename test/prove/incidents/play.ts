import { setTimeout as delay } from 'node:timers/promises'
import type { Fired, Firing, Matcher, Played, Scene, Silence, Silenced } from './script.ts'

/** A play goes no further back in time, or ahead, than this. */
const longFiring = 3_600_000

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
    alert: ({ labels }: Firing, startsAt: number, endsAt: number) =>
      ask('alerts', {
        method: 'POST',
        body: JSON.stringify([
          { labels, annotations: { summary: 'rehearsed' }, startsAt: iso(startsAt), endsAt: iso(endsAt) },
        ]),
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

interface Stage {
  readonly talk: Talk
  /** Waits for a moment of the script, which is in milliseconds since 1970 then. */
  until(moment: number): Promise<number>
}

const playFiring = async ({ talk, until }: Stage, firing: Firing): Promise<Fired> => {
  const { labels, heard, age, over } = firing
  const began = await until(heard)
  const startsAt = began - age * 1_000
  if (over - heard < 1) {
    const endsAt = startsAt + (over - heard) * 1_000
    await talk.alert(firing, startsAt, endsAt)
    return { labels, startsAt, heardAt: began, endsAt }
  }
  await talk.alert(firing, startsAt, began + longFiring)
  const heardAt = Date.now()
  const endsAt = await until(over)
  await talk.alert(firing, startsAt, endsAt)
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
export const play = (
  alertmanager: string,
  scenes: readonly Scene[],
  began = Date.now(),
): Promise<readonly Played[]> => {
  const until = async (moment: number) => {
    const at = began + moment * 1_000
    await delay(Math.max(0, at - Date.now()))
    return Date.now()
  }
  const stage = { talk: talkTo(alertmanager), until }
  return Promise.all(scenes.map((scene) => playScene(stage, scene)))
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
