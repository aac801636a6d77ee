import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Delivery, ourDelivery, routesOf } from '../alerts/routes.ts'
import type { Channel, Smtp } from '../config/teams.ts'
import { remedyFor } from '../exporters/secret.ts'
import { secretOf } from './alertmanager/receivers.ts'

interface SecretsOptions {
  readonly secretsDir: string
  /** Whether each of them has to be there; otherwise those that are there have to be sound. */
  readonly needed: boolean
  /** Whether Alertmanager runs in a container, as a user of its own. */
  readonly container: boolean
  readonly delivery?: Delivery
}

/** A secret, and who cannot be told without it. */
interface Use {
  readonly secret: string
  /** `platform.tell.critical[0]` */
  readonly keys: readonly string[]
  /** What belongs into the file. */
  readonly holds: string
  /** Whether a line break at its end would count: Alertmanager before 0.27 logs in at the mail relay with it. */
  readonly verbatim: boolean
}

const holds = (channel: Channel, { username }: Smtp) => {
  switch (channel.kind) {
    case 'pagerduty':
      return "the integration key of PagerDuty's Events API v2"
    case 'slack':
      return 'the URL of an incoming webhook of Slack'
    case 'email':
      return `the password of ${username} at the mail relay`
    case 'webhook':
      return 'urlSecret' in channel ? 'the URL of the webhook' : 'the bearer token of the webhook'
  }
}

const usesOf = (delivery: Delivery): readonly Use[] => {
  const { smtp, heartbeat } = delivery
  const routes = routesOf(delivery)
  // A reminder goes where the first notification went.
  const lists = [
    ...routes.filter(({ step }) => step === 'first'),
    ...routes.filter(({ step }) => step === 'escalation'),
    { key: 'heartbeat', channels: heartbeat },
  ]
  const uses = lists.flatMap(({ key, channels }) =>
    channels.flatMap((channel, place) => {
      const secret = secretOf(channel, smtp)
      return secret === undefined ? [] : [{ secret, key: `${key}[${place}]`, channel }]
    }),
  )
  return [...new Set(uses.map(({ secret }) => secret))].map((secret) => {
    const its = uses.filter((use) => use.secret === secret)
    return {
      secret,
      keys: its.map(({ key }) => key),
      holds: its.map(({ channel }) => holds(channel, smtp))[0] ?? '',
      verbatim: its.some(({ channel }) => channel.kind === 'email'),
    }
  })
}

const isReadable = (file: string) => {
  try {
    accessSync(file, constants.R_OK)
    return true
  } catch {
    return false
  }
}

const owner = 65534
const givenAway = (file: string) => `sudo chown ${owner} ${file} && sudo chmod 400 ${file}`

/** A file of ours that nobody of another group gets at: the container's user is none of ours. */
const isOurs = ({ uid, gid, mode }: { uid: number; gid: number; mode: number }) =>
  uid === process.getuid?.() && ((mode & 0o040) === 0 || (process.getgroups?.() ?? []).includes(gid))

/** What is wrong with a file, and what mends it. Undefined where it will do. */
const fileFault = (
  file: string,
  { holds: what, verbatim }: Use,
  { needed, container }: SecretsOptions,
): string | undefined => {
  const status = statSync(file, { throwIfNoEntry: false })
  if (!status) return needed ? `which is missing: put ${what} into it, and type: chmod 600 ${file}` : undefined
  if (!status.isFile()) return `which is no file: put a file there that holds ${what}`
  const readable = isReadable(file)
  const text = readable ? readFileSync(file, 'utf8') : undefined
  if (status.size === 0 || text?.trim() === '') {
    return `which is empty: put ${what} into it`
  }
  // Its group may be the one of the user in the container.
  if (remedyFor({ file, mode: status.mode & 0o007, text: '' })) {
    return `which every user of this machine gets at. Type: chmod o= ${file}${container ? `, and then: ${givenAway(file)}` : ''}`
  }
  if (!container && verbatim && text?.endsWith('\n')) {
    return `which ends in a line break, and older Alertmanagers log in with it. Type: printf %s "$(cat ${file})" > ${file}`
  }
  if (!container && !readable) return `which this user cannot read. Type: sudo chown $(id -u) ${file}`
  // Docker's virtual machines on macOS and Windows give every file to whoever asks.
  if (container && process.platform === 'linux' && isOurs(status)) {
    return `which Alertmanager, user ${owner} in its container, cannot read. Type: ${givenAway(file)}`
  }
  return undefined
}

/** Every secret file of `config/teams.ts` that cannot be used as it is, in one line each: whom it keeps from being told, and what to do. */
export const secretFaults = (options: SecretsOptions): readonly string[] =>
  usesOf(options.delivery ?? ourDelivery).flatMap((use) => {
    const file = join(options.secretsDir, use.secret)
    const fault = fileFault(file, use, options)
    const [first, ...others] = use.keys
    const who = others.length === 0 ? `${first} needs` : `${first} and ${others.length} more need`
    return fault === undefined ? [] : [`config/teams.ts: ${who} ${file}, ${fault}`]
  })

/** @throws Error with a line for each fault */
export const assertSecrets = (options: SecretsOptions): void => {
  const faults = secretFaults(options)
  if (faults.length === 0) return
  const way = options.needed ? ['To watch all the same, and tell nobody: npm start -- --tell-nobody'] : []
  throw new Error(['could not tell anybody of alerts:', ...faults.map((fault) => `  ${fault}`), ...way].join('\n'))
}
