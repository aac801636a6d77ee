import { join } from 'node:path'
import { startAlertmanager, startPrometheus } from '../../../compose/local/servers.ts'
import { instantQuery } from '../../integration/instant-query.ts'
import { eventually, freePort } from '../../integration/servers.ts'
import { type StandOptions, writeConfiguration } from './configuration.ts'
import { type Mortal, mortal } from './mortal.ts'
import { often, resendOf, restart } from './pace.ts'
import { startRecorder } from './recorder.ts'

export type Labels = Readonly<Record<string, string>>

/** An alert as Alertmanager's API tells it. */
export interface Active {
  readonly labels: Labels
  readonly annotations: Labels
  /** Milliseconds since 1970. */
  readonly startsAt: number
  readonly silencedBy: readonly string[]
}

/** A Prometheus, an Alertmanager and a recorder of incidents as they are generated, where times pass faster. */
export interface Stand {
  readonly prometheus: Mortal
  readonly alertmanager: Mortal
  readonly recorder: Mortal
  readonly urls: Readonly<Record<'prometheus' | 'alertmanager' | 'recorder', string>>
  /** Milliseconds from one evaluation to the next. */
  readonly interval: number
  query(promql: string): Promise<readonly { readonly metric: Labels; readonly value: readonly [number, string] }[]>
  /** What fires, silenced or not. */
  active(labels: Labels): Promise<readonly Active[]>
  /** Acknowledges what has these labels until then; resolves with the id of the silence. */
  acknowledge(labels: Labels, until: number): Promise<string>
  /** What the recorder serves for Prometheus. */
  counters(): Promise<string>
}

interface Asked {
  readonly method?: 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

const answered = async (url: string, init: Asked = {}) => {
  // A connection that is kept is of no use once the program at its other end was killed.
  const headers = { connection: 'close', ...init.headers }
  const answer = await fetch(url, { ...init, headers, signal: AbortSignal.timeout(10_000) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`)
  return text
}

const activeAt = async (alertmanager: string, labels: Labels): Promise<readonly Active[]> => {
  const filters = Object.entries(labels).map(([name, value]) => `filter=${encodeURIComponent(`${name}="${value}"`)}`)
  const alerts: readonly {
    readonly labels: Labels
    readonly annotations: Labels
    readonly startsAt: string
    readonly status: { readonly silencedBy: readonly string[] }
  }[] = JSON.parse(await answered(`${alertmanager}/api/v2/alerts?${filters.join('&')}`))
  return alerts.map(({ labels: all, annotations, startsAt, status }) => ({
    labels: all,
    annotations,
    startsAt: Date.parse(startsAt),
    silencedBy: status.silencedBy,
  }))
}

const acknowledgeAt = async (alertmanager: string, labels: Labels, until: number): Promise<string> => {
  const { silenceID }: { readonly silenceID: string } = JSON.parse(
    await answered(`${alertmanager}/api/v2/silences`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        matchers: Object.entries(labels).map(([name, value]) => ({ name, value, isRegex: false, isEqual: true })),
        startsAt: new Date().toISOString(),
        endsAt: new Date(until).toISOString(),
        createdBy: 'on-call',
        comment: 'looking into it',
      }),
    }),
  )
  return silenceID
}

const portsOf = async () => ({
  prometheus: await freePort(),
  alertmanager: await freePort(),
  recorder: await freePort(),
})

/** Opens one; what it started is ended with the workshop. */
export const openStand = async (options: StandOptions): Promise<Stand> => {
  const { shop, name, programs, pace, receivers } = options
  const home = join(shop.folder, name)
  const ports = await portsOf()
  const interval = pace.milliseconds('15s', often)
  const files = writeConfiguration({ ...options, home, ports, interval })
  // A relay of tests has a certificate of its own.
  const trusting = { ...programs.alertmanager.env, SSL_CERT_FILE: receivers.authorityFile }
  const alertmanager = await mortal(async () =>
    shop.keep(
      await startAlertmanager({
        program: { ...programs.alertmanager, env: trusting },
        dataDir: join(home, 'alertmanager'),
        port: ports.alertmanager,
        configFile: files.alertmanager,
        // A small file: it can be written more often than `often`, or more would be forgotten here than in production.
        args: [`--data.maintenance-interval=${pace.duration('5s', 100)}`],
      }),
    ),
  )
  const recorder = await mortal(async () => shop.keep(await startRecorder({ ...options, home, ports })))
  const prometheus = await mortal(async () =>
    shop.keep(
      await startPrometheus({
        program: programs.prometheus,
        dataDir: join(home, 'prometheus'),
        port: ports.prometheus,
        configFile: files.prometheus,
        args: [
          `--rules.alert.for-grace-period=${pace.duration('1s')}`,
          `--rules.alert.resend-delay=${resendOf(pace)}ms`,
          `--query.lookback-delta=${pace.milliseconds('5m') + restart}ms`,
        ],
      }),
    ),
  )
  const urls = {
    prometheus: `http://127.0.0.1:${ports.prometheus}`,
    alertmanager: `http://127.0.0.1:${ports.alertmanager}`,
    recorder: `http://127.0.0.1:${ports.recorder}`,
  }
  const query: Stand['query'] = (promql) => instantQuery(urls.prometheus, promql)
  // What is judged has been seen, and is usual.
  await eventually(
    async () => (await query('up == 1').catch(() => [])).length,
    (up) => up > options.scraped.length,
    { within: 120_000, every: 250 },
  )
  return {
    prometheus,
    alertmanager,
    recorder,
    urls,
    interval,
    query,
    active: (labels) => activeAt(urls.alertmanager, labels),
    acknowledge: (labels, until) => acknowledgeAt(urls.alertmanager, labels, until),
    counters: () => answered(`${urls.recorder}/metrics`),
  }
}
