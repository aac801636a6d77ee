import type { SeverityName } from './severity.ts'

/**
 * One way to reach a team. Secrets are named, never written: `secret` is the name of a file in the secrets folder
 * (`/run/secrets` in containers, `SECRETS_DIR` elsewhere).
 */
export type Channel =
  | { readonly kind: 'pagerduty'; readonly secret: string }
  | { readonly kind: 'slack'; readonly secret: string; readonly channel: `#${string}` }
  | { readonly kind: 'email'; readonly to: string }
  /** Anything that takes Alertmanager's JSON: a gateway to telephones, a tracker of tickets. `secret` holds its bearer token. */
  | { readonly kind: 'webhook'; readonly url: `http${string}`; readonly secret?: string }
  /** The same where the URL itself is the secret. Alertmanager reads one from a file since 0.26. */
  | { readonly kind: 'webhook'; readonly urlSecret: string }

/** A team that answers for something: support level, and how it is told, by severity of the alert. */
export interface TeamContact {
  readonly words: string
  /** The handbook's support level: 1 users, 2 technical, 3 developers. */
  readonly level: 1 | 2 | 3
  /** Left out where the team owns no alert of that severity. */
  readonly tell: Readonly<Partial<Record<SeverityName, readonly Channel[]>>>
}

/** Who takes over when the response time of a severity has run out, and how they are told. */
export interface Escalation {
  readonly words: string
  readonly channels: readonly Channel[]
}

/** When what can wait is told. */
export interface BusinessHours {
  readonly weekdays: readonly ('monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday')[]
  /** `09:00` to `18:00`, in the time of `location`. */
  readonly from: `${number}:${number}`
  readonly to: `${number}:${number}`
  /** A name of the IANA time zone database. */
  readonly location: string
  /** What waits. Its response time must be longer than the longest time off, or it would run out untold. */
  readonly waits: readonly SeverityName[]
}

const phone = { kind: 'pagerduty', secret: 'pagerduty_routing_key' } as const
/** A service of its own in PagerDuty: that of those who take over, or the same telephone would ring that nobody has answered. */
const nextPhone = { kind: 'pagerduty', secret: 'pagerduty_escalation_key' } as const
const slack = { kind: 'slack', secret: 'slack_webhook_url', channel: '#techplus-alerts' } as const
const mail = { kind: 'email', to: 'support@techplus.com' } as const

/** Who is told, and how, from the handbook (Niveaux de Support, Canaux, Escalade). */
export const teams = {
  platform: {
    words: 'keeps the API, its database and its cache running',
    level: 2,
    tell: { critical: [phone, slack], high: [slack, mail], medium: [mail], low: [mail] },
  },
  reservations: {
    words: 'develops the reservation service',
    level: 3,
    tell: { critical: [phone, slack], high: [slack, mail], medium: [mail], low: [mail] },
  },
  support: {
    words: 'answers restaurants and guests',
    level: 1,
    tell: { medium: [mail], low: [mail] },
  },
} as const satisfies Record<string, TeamContact>

export type Team = keyof typeof teams

/** A tracker that opens a ticket for each message, by webhook. Empty: what would become a ticket comes by mail alone. */
export const tickets: readonly Channel[] = []

/** Who is told once nobody has responded in time, from the handbook (Escalade). */
export const escalation = {
  critical: { words: 'the on-call engineer', channels: [nextPhone, slack] },
  high: { words: 'senior support', channels: [mail] },
  medium: { words: 'the support team', channels: [mail, ...tickets] },
  low: { words: 'whoever plans the next work', channels: [mail] },
} as const satisfies Record<SeverityName, Escalation>

/** Nobody is told of an improvement at night. From Friday evening to Monday morning are 63 hours. */
export const businessHours: BusinessHours = {
  weekdays: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'],
  from: '09:00',
  to: '18:00',
  location: 'Europe/Paris',
  waits: ['low'],
}

/**
 * Where the dead man's switch goes, once a minute: whoever misses it tells on-call by a way of their own. It has to leave the
 * host, or it goes down with what it watches. A service for it gives a URL to call, which is its secret:
 * `{ kind: 'webhook', urlSecret: 'heartbeat_url' }`; one that waits for mail: `{ kind: 'email', to: '...' }`. Let it wait for
 * a few minutes. Empty: nobody would notice that alerts no longer get through.
 */
export const heartbeat: readonly Channel[] = []

/** A mail relay. It is spoken to by TLS only. */
export interface Smtp {
  readonly smarthost: `${string}:${number}`
  readonly from: string
  readonly username: string
  readonly secret: string
}

/** Mail is sent through this relay; the password is a secret file. */
export const smtp: Smtp = {
  smarthost: 'smtp.techplus.com:587',
  from: 'alertmanager@techplus.com',
  username: 'alertmanager@techplus.com',
  secret: 'smtp_password',
}
