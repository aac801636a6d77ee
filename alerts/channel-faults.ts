import type { Channel, Smtp } from '../config/teams.ts'

const fileName = /^[\w-][\w.-]*$/
const address = /^[^\s@,;<>]+@[^\s@,;<>]+$/

const kinds: readonly string[] = ['pagerduty', 'slack', 'email', 'webhook'] satisfies readonly Channel['kind'][]

/** What is wrong with a channel, and what to write; undefined where it can be used. */
export const channelFault = (channel: Channel): string | undefined => {
  // Written without an editor's help it may be anything.
  if (!kinds.includes(channel?.kind))
    return `is of the kind ${channel?.kind}: write ${kinds.slice(0, -1).join(', ')} or ${kinds.at(-1)}`
  const secrets = 'secret' in channel ? channel.secret : 'urlSecret' in channel ? channel.urlSecret : undefined
  if (secrets === undefined && (channel.kind === 'pagerduty' || channel.kind === 'slack')) {
    return 'has no secret: write the name of the file that holds it'
  }
  if (secrets !== undefined && !fileName.test(secrets)) {
    return 'names a secret that is no name of a file: write letters, digits and _'
  }
  if (channel.kind === 'email' && !address.test(channel.to)) {
    return `mails to ${channel.to}: write one address, such as support@techplus.com`
  }
  if (channel.kind === 'slack' && !/^#[^\s#]+$/.test(channel.channel)) {
    return `names the channel ${channel.channel}: write one with # in front, such as #techplus-alerts`
  }
  if (channel.kind !== 'webhook' || 'urlSecret' in channel) return undefined
  return urlFault(channel.url)
}

const urlFault = (url: string | undefined) => {
  const parsed = url !== undefined && URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !/^https?:$/.test(parsed.protocol)) return 'has no URL: write https://host/path'
  // It would stand in a generated file, for everybody to read.
  return parsed.username || parsed.password
    ? 'has a login in its URL: put the URL into a secret, as urlSecret'
    : undefined
}

const isHostAndPort = (text: string) => {
  const [, port] = /^(?:[\w.-]+|\[[\da-f:.]+\]):(\d{1,5})$/i.exec(text) ?? []
  return Number(port) > 0 && Number(port) < 65_536
}

/** What is wrong with the mail relay, each in one line with the key and what to write. */
export const smtpFaults = ({ smarthost, from, username, secret }: Smtp): readonly string[] => [
  ...(isHostAndPort(smarthost)
    ? []
    : [`smtp.smarthost is ${smarthost}: write host and port, such as smtp.techplus.com:587`]),
  ...(address.test(from) ? [] : [`smtp.from is ${from}: write one address, such as alertmanager@techplus.com`]),
  // Some relays have users who are no address.
  ...(/^[^\s\p{Cc}]+$/u.test(username)
    ? []
    : [
        `smtp.username is "${username}": write the user of the relay without blanks, such as alertmanager@techplus.com`,
      ]),
  ...(fileName.test(secret)
    ? []
    : ['smtp.secret names a secret that is no name of a file: write letters, digits and _']),
]
