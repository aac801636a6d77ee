import type { Kept, Reading } from '../reading.ts'
import type { Registry } from '../registry.ts'
import type { Tell } from '../secret.ts'
import { registrySource } from '../service/instruments/registered.ts'
import { type ResponseTimes, recordable } from './deliveries.ts'
import { type Keeper, keeperOf } from './keeping.ts'
import type { Ledger } from './ledger.ts'
import { listed } from './listing.ts'
import * as metrics from './metrics.ts'
import { bookReadings, coverReadings } from './readings.ts'
import { type Answer, recorderServer } from './server.ts'
import { readNotification } from './shapes.ts'
import { type Watch, watchAlertmanager } from './watch.ts'

interface Options extends Pick<Parameters<typeof recorderServer>[0], 'guard' | 'createServer'> {
  readonly ledger: Ledger
  readonly alertmanagerUrl: string
  /** By severity. */
  readonly responseTimes: ResponseTimes
  /** Teams whose series are there from the start. */
  readonly owners: readonly string[]
  /** The process' own metrics. */
  readonly registry: Registry
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  readonly tell: Tell
  /** Milliseconds between two looks at Alertmanager. */
  readonly pollMs?: number
  /** Milliseconds that an alert must be gone, and Alertmanager have been up, before the alert is over. */
  readonly settleMs?: number
  /** Milliseconds for which what Alertmanager told last is told on while it does not answer. */
  readonly staleMs?: number
}

export interface Recorder {
  readonly url: string
  /** Lets what is under way finish, and closes the ledger. */
  close(): Promise<void>
}

type Deliveries = Record<'recorded' | 'refused' | 'failed', number>

interface Parts extends Options {
  readonly deliveries: Deliveries
  readonly keeper: Keeper
  readonly watch: Watch
}

/** Records incidents until it is closed. */
export const startRecorder = async (options: Options): Promise<Recorder> => {
  const {
    ledger,
    alertmanagerUrl,
    host,
    port,
    guard,
    createServer,
    tell,
    pollMs = 15_000,
    settleMs = 180_000,
  } = options
  const keeper = keeperOf(ledger, tell)
  const watch = watchAlertmanager({ keeper, alertmanagerUrl, pollMs, settleMs, tell })
  const parts: Parts = { ...options, deliveries: { recorded: 0, refused: 0, failed: 0 }, keeper, watch }
  const app = recorderServer({
    take: (body) => taken(body, parts),
    refused: (words) => refuse(words, parts),
    metrics: served(parts),
    incidents: () => ledger.book && listed(ledger.book),
    health: () => ({ uptime: process.uptime() }),
    guard,
    createServer,
  })
  const close = async () => {
    await watch.stop()
    await app.close()
    await ledger.close()
  }
  try {
    return { url: await app.listen({ host, port }), close }
  } catch (failure) {
    await close()
    throw failure
  }
}

const refuse = (words: string, { deliveries, tell }: Parts) => {
  deliveries.refused += 1
  tell(`refused a notification: ${words}`)
}

/** Alertmanager sends again what is answered with a 5xx, and nothing else. */
const taken = async (body: string, parts: Parts): Promise<Answer> => {
  const { responseTimes, deliveries, keeper, tell } = parts
  const read = readNotification(body)
  if ('fault' in read) {
    const words = `This is no notification of Alertmanager's webhook, version 4 (${read.fault}): have Alertmanager send it, by webhook_configs of a receiver that set no payload.`
    refuse(words, parts)
    return { status: 400, words }
  }
  const { alerts, truncated } = read.value
  if (truncated > 0)
    tell(`Alertmanager left ${truncated} alerts out of a notification: set max_alerts to 0 for our webhook`)
  const kept = await keeper.change(recordable(alerts, Date.now(), responseTimes))
  deliveries[kept ? 'recorded' : 'failed'] += 1
  return kept ? { status: 200, words: 'Recorded.' } : { status: 503, words: 'It could not be kept: send it again.' }
}

const served = (parts: Parts): (() => Promise<readonly (Reading | Kept)[]>) => {
  const { ledger, responseTimes, owners, registry, staleMs = 300_000, deliveries, keeper, watch } = parts
  const own = registrySource(registry)
  return async () => {
    const { book } = ledger
    const sight = watch.sight()
    const now = Date.now()
    const fresh = sight && now - sight.askedAt <= staleMs ? sight : undefined
    return [
      ...(book ? bookReadings(book, { times: responseTimes, owners }) : []),
      ...(fresh ? coverReadings(fresh, book, responseTimes, now) : []),
      ...Object.entries(deliveries).map(([result, count]) => metrics.deliveriesTotal.sample(count, { result })),
      metrics.alertmanagerUp.sample(watch.works() ? 1 : 0),
      metrics.ledgerUp.sample(keeper.works() ? 1 : 0),
      ...(await own()),
    ]
  }
}
