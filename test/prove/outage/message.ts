import type { Post } from '../../integration/receivers.ts'

type Labels = Readonly<Record<string, string>>

/** One message to the channels of a receiver, as Alertmanager tells it to a webhook beside them. */
export interface Message {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly receiver: string
  readonly firing: readonly Labels[]
  readonly resolved: readonly Labels[]
}

interface Told {
  readonly status: string
  readonly labels: Labels
}

const isTold = (value: unknown): value is { readonly receiver: string; readonly alerts: readonly Told[] } =>
  typeof value === 'object' && value !== null && 'receiver' in value && 'alerts' in value

const heartbeat = 'heartbeat'

/** What humans were told so far, the dead man's switch left out. */
export const messagesIn = (posts: readonly Post[]): readonly Message[] =>
  posts.flatMap(({ at, path, body }) => {
    if (!path.startsWith('/webhook/') || !isTold(body) || body.receiver === heartbeat) return []
    const of = (status: string) => body.alerts.filter((one) => one.status === status).map(({ labels }) => labels)
    return [{ at, receiver: body.receiver, firing: of('firing'), resolved: of('resolved') }]
  })
