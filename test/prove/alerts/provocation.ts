import type { Alert } from '../../../alerts/alert.ts'
import type { Server } from '../../../compose/local/process.ts'
import type { Override } from '../../../config/overrides.ts'
import type { Duration } from '../../../metrics/promql.ts'
import type { Sample } from '../../integration/instant-query.ts'
import type { workshop } from '../../integration/servers.ts'

/** An alert that has to arrive, and labels by which it is known among those of other targets. */
export interface Expected {
  readonly alert: Alert
  readonly labels?: Readonly<Record<string, string>>
}

/** A fault that is brought about on real servers, and ended. */
export interface Provocation {
  /** What is done, in a few words. */
  readonly fault: string
  /** Each must not be firing before, fire after, and be resolved in the end. */
  readonly fires: readonly [Expected, ...Expected[]]
  /** What has to be usual first: in it no alert may fire. */
  before?(): Promise<unknown>
  /** Brings it about; what has to go on meanwhile goes on after it resolves. */
  bring(): Promise<unknown>
  /** Ends it. Called once, whether or not all alerts have arrived. */
  end(): Promise<unknown>
  /** Seconds until the last alert must have arrived, and until all must be resolved: 120 where it is left out. */
  readonly patience?: number
}

/** What is judged otherwise than in production, because a machine for tests is small or a day is long. */
export interface Adjustment {
  readonly alert: Alert
  readonly threshold?: Extract<Override, { readonly off?: never }>['threshold']
  /** Other numbers of the expression, by what stands there, such as `> 104857600`. */
  readonly numbers?: Readonly<Record<string, string>>
  readonly why: string
}

/** An endpoint that is scraped once a second, with the labels that the stack's own configuration gives it. */
export interface Scraped {
  readonly job: string
  readonly instance: string
  /** `http://127.0.0.1:9464/metrics/postgres/main` */
  readonly url: string
  /** Less often, where a scrape may take longer than a second. */
  readonly every?: Duration
}

/** An alert as Alertmanager's webhook tells it. */
export interface Told {
  readonly status: 'firing' | 'resolved'
  readonly labels: Readonly<Record<string, string>>
}

/** A Prometheus and an Alertmanager with the rules of a scene, and who is told. */
export interface Watch {
  readonly prometheus: Server
  readonly alertmanager: Server
  /** Written anew, it counts after `reload`. */
  readonly configFile: string
  readonly rulesFile: string
  reload(): Promise<void>
  query(promql: string): Promise<readonly Sample[]>
  /** The last that was told of an alert, if anything was. */
  told(expected: Expected): Told['status'] | undefined
  /** Resolves when every target has been scraped. */
  ready(): Promise<unknown>
  end(): void
}

/** A part of the system, running, with the faults that are brought about in it. */
export interface Stage {
  /** @param self where the Prometheus and the Alertmanager that judge are: `http://127.0.0.1:9090` */
  scraped(self: Readonly<Record<'prometheus' | 'alertmanager', string>>): readonly Scraped[]
  /**
   * One after the other within a lane, lanes side by side. A provocation is done on a server that no other lane disturbs.
   * @param watch the Prometheus and Alertmanager that judge, to be asked or disturbed
   */
  lanes(watch: Watch): readonly (readonly Provocation[])[]
  /** Ends what is not ended with the workshop. */
  end?(): Promise<unknown>
}

export interface Scene {
  /** Whose alerts: those of a folder of `alerts/`. */
  readonly name: string
  readonly alerts: readonly Alert[]
  /** Played before the others, and not beside them: it takes all processors, or the memory, for a while. */
  readonly alone?: boolean
  readonly adjusted: readonly Adjustment[]
  /** Alerts that are not provoked: why not, by id. */
  readonly unprovoked: Readonly<Record<string, string>>
  open(shop: ReturnType<typeof workshop>): Promise<Stage>
}
