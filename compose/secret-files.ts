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
  /** `teams.platform.tell.critical[0]` */
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

interface Status {
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

/** Alertmanager's user in its container, and the group of it. */
const contained = 65534
const givenTo = (file: string) =>
  `sudo chown ${contained} ${file} && sudo chmod 400 ${file} (or, to keep it: sudo chgrp ${contained} ${file} && chmod 640 ${file})`

/** Who else gets at a file. Where Alertmanager runs in a container its group may be the one there. */
const openTo = (file: string, { gid, mode }: Status, container: boolean): string | undefined => {
  const shut = (bits: number) => remedyFor({ file, mode: mode & bits, text: '' }) === undefined
  if (!shut(0o007)) return 'every user of this machine gets at'
  if (container && gid === contained) return undefined
  return shut(0o070) ? undefined : `every user of the group ${gid} gets at`
}

const isReadableThere = ({ uid, gid, mode }: Status) =>
  (uid === contained && (mode & 0o400) !== 0) || (uid !== contained && gid === contained && (mode & 0o040) !== 0)

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
  // Docker's virtual machines on macOS and Windows give every file to whoever asks.
  const inContainer = container && process.platform === 'linux'
  const open = openTo(file, status, container)
  if (open) return `which ${open}. Type: ${inContainer ? givenTo(file) : `chmod 600 ${file}`}`
  if (!container && verbatim && text?.endsWith('\n')) {
    return `which ends in a line break, and older Alertmanagers log in with it. Type: printf %s "$(cat ${file})" > ${file}`
  }
  if (!container && !readable) return `which this user cannot read. Type: sudo chown $(id -u) ${file}`
  if (inContainer && !isReadableThere(status)) {
    return `which Alertmanager, user ${contained} in its container, cannot read. Type: ${givenTo(file)}`
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
