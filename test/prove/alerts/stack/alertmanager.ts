import { createServer } from 'node:http'
import { alertmanagerNotificationsFailing, alertmanagerReloadFailed } from '../../../../alerts/stack/alertmanager.ts'
import type { workshop } from '../../../integration/servers.ts'
import { listening } from '../../listening.ts'
import type { Provocation } from '../provocation.ts'
import { secondAlertmanager } from './second.ts'

const instance = 'second'

/** A channel, and whether it lets us in. */
const channel = async () => {
  let status = 200
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(status).end()
  })
  const port = await listening(server)
  return {
    url: `http://127.0.0.1:${port}`,
    answer: (next: number) => {
      status = next
    },
    end: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** An Alertmanager that has something to tell all the time, once another sends it alerts. */
export const openAlertmanager = async (shop: ReturnType<typeof workshop>) => {
  const team = await channel()
  const config = {
    route: { receiver: 'team', group_by: ['...'], group_wait: '0s', group_interval: '1s', repeat_interval: '1s' },
    receivers: [{ name: 'team', webhook_configs: [{ url: team.url }] }],
  }
  const alertmanager = await secondAlertmanager(shop, 'alertmanager', config)
  const lane: readonly Provocation[] = [
    {
      fault: 'a channel that refuses its key (401)',
      fires: [{ alert: alertmanagerNotificationsFailing, labels: { instance, integration: 'webhook' } }],
      bring: async () => team.answer(401),
      end: async () => team.answer(200),
    },
    {
      fault: 'a configuration that Alertmanager refuses',
      fires: [{ alert: alertmanagerReloadFailed, labels: { instance } }],
      bring: () => alertmanager.become({ ...config, routes: [] }),
      end: () => alertmanager.become(config),
    },
  ]
  return { url: alertmanager.url, host: alertmanager.host, lane, end: async () => team.end() }
}
