import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Receivers } from '../../integration/receivers.ts'

interface Notifier {
  readonly url?: string
}

type Notifiers = Readonly<Record<string, readonly Notifier[]>>

/** What of alertmanager.yml is changed for receivers of tests. */
export interface Written {
  readonly global?: object
  readonly route: object
  readonly receivers: readonly ({ readonly name: string } & Notifiers)[]
  readonly time_intervals?: readonly { readonly name: string }[]
}

/** Logs in with `password`, which stands in the folder of secrets. */
export const password = 'a-relay-password'

/** Where mail for a receiver goes. */
export const mailTo = (receiver: string) => `${receiver}@techplus.test`

/**
 * The channels of a receiver, as they are, at addresses that name it: what arrives says for whom it was meant.
 * @param kept URLs that stay what they are
 */
const addressed = (name: string, key: string, notifier: Notifier, { httpUrl, secrets, kept }: Addresses): Notifier => {
  const url = (channel: string) => `${httpUrl}/${channel}/${name}`
  switch (key) {
    case 'email_configs':
      return { ...notifier, ...{ to: mailTo(name) } }
    case 'slack_configs': {
      const file = join(secrets, `slack-${name}`)
      writeFileSync(file, url('slack'), { mode: 0o600 })
      return { ...notifier, ...{ api_url_file: file } }
    }
    case 'pagerduty_configs':
      return { ...notifier, url: url('pagerduty') }
    case 'webhook_configs':
      return kept.some((one) => notifier.url?.startsWith(one)) ? notifier : { ...notifier, url: url('webhook') }
    default:
      throw new Error(`${name} has ${key}, for which there is no receiver in the tests`)
  }
}

interface Addresses {
  readonly httpUrl: string
  readonly secrets: string
  readonly kept: readonly string[]
}

const always = { times: [{ start_time: '00:00', end_time: '24:00' }] }

/** alertmanager.yml as it is generated, with every channel led to receivers of tests, at all hours. */
export const forReceivers = (
  written: Written,
  { smtpPort, httpUrl }: Pick<Receivers, 'smtpPort' | 'httpUrl'>,
  { secrets, kept }: Pick<Addresses, 'secrets' | 'kept'>,
): object => {
  mkdirSync(secrets, { recursive: true })
  return {
    ...written,
    global: { ...written.global, smtp_smarthost: `127.0.0.1:${smtpPort}` },
    receivers: written.receivers.map(({ name, ...channels }) => ({
      name,
      ...Object.fromEntries(
        Object.entries<readonly Notifier[]>(channels).map(([key, notifiers]) => [
          key,
          notifiers.map((one) => addressed(name, key, one, { httpUrl, secrets, kept })),
        ]),
      ),
    })),
    ...(written.time_intervals && {
      time_intervals: written.time_intervals.map(({ name }) => ({ name, time_intervals: [always] })),
    }),
  }
}
