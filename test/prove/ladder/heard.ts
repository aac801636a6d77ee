import type { Mail, Post, Receivers } from '../../integration/receivers.ts'

export type Via = 'email' | 'slack' | 'pagerduty' | 'webhook'

/** A message as it arrived, whatever it came by. */
export interface Heard {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Of alertmanager.yml, as its address says. */
  readonly receiver: string
  readonly via: Via
  /** All that it says, a line for each string in it. */
  readonly text: string
}

/** With the name of each string before it, once more: a newer Alertmanager makes an object of `Resolved: ...`. */
const strings = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'string' ? [inner, `${name}: ${inner}`] : strings(inner),
  )
}

const ofMail = ({ at, recipients: [to = ''], subject, text, html }: Mail): Heard => ({
  at,
  receiver: to.replace(/@.*$/, ''),
  via: 'email',
  text: [subject, text || html].join('\n'),
})

const channels: readonly Via[] = ['slack', 'pagerduty', 'webhook']

const ofPost = ({ at, path, body }: Post): readonly Heard[] => {
  const [, first = '', receiver = ''] = path.split('/')
  const via = channels.find((one) => one === first)
  if (!via) return []
  return [{ at, receiver, via, text: strings(body).join('\n') }]
}

/** Everything that has arrived, in the order of time. */
export const heardBy = ({ mails, posts }: Pick<Receivers, 'mails' | 'posts'>): readonly Heard[] =>
  [...mails().map(ofMail), ...posts().flatMap(ofPost)].sort((one, other) => one.at - other.at)
