/**
 * One way to reach a team. Secrets are named, never written: `secret` is the name of a file in the secrets folder
 * (`/run/secrets` in containers, `SECRETS_DIR` elsewhere).
 */
export type Channel =
  | { readonly kind: 'pagerduty'; readonly secret: string }
  | { readonly kind: 'slack'; readonly secret: string; readonly channel: `#${string}` }
  | { readonly kind: 'email'; readonly to: string }
  /** Anything that takes Alertmanager's JSON. The URL is no secret: it names a host inside the deployment. */
  | { readonly kind: 'webhook'; readonly url: `http${string}` }

/** A team that answers for something: support level, and how it is told, by severity of the alert. */
export interface TeamContact {
  readonly words: string
  /** The handbook's support level: 1 users, 2 technical, 3 developers. */
  readonly level: 1 | 2 | 3
  /** Left out where the team owns no alert of that severity. */
  readonly tell: Readonly<Partial<Record<'critical' | 'high' | 'medium' | 'low', readonly Channel[]>>>
}

const phone = { kind: 'pagerduty', secret: 'pagerduty_routing_key' } as const
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

/**
 * Where the dead man's switch goes, once a minute: whoever misses it tells on-call by a way of their own. It should leave
 * the host. Empty: nobody would notice that alerts no longer get through.
 */
export const heartbeat: readonly Channel[] = []

/** Mail is sent through this relay; the password is a secret file. */
export const smtp = {
  smarthost: 'smtp.techplus.com:587',
  from: 'alertmanager@techplus.com',
  username: 'alertmanager@techplus.com',
  secret: 'smtp_password',
} as const
