import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ruleFiles } from '../../alerts/index.ts'
import type { Delivery } from '../../alerts/routes.ts'
import { alertmanagerConfig } from '../../compose/alertmanager/config.ts'
import { messageTemplates } from '../../compose/alertmanager/messages.ts'
import { sourceTemplates } from '../../compose/alertmanager/sources.ts'
import { composeDeployment, type Deployment } from '../../compose/deployment.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { startAlertmanager } from '../../compose/local/servers.ts'
import type { Receivers } from './receivers.ts'
import { freePort } from './servers.ts'

export type Labels = Readonly<Record<string, string>>

export interface Posted {
  readonly labels: Labels
  readonly annotations?: Labels
  /** ISO 8601. */
  readonly startsAt: string
  readonly endsAt?: string
}

interface StandOptions {
  readonly program: 'alertmanager' | 'alertmanager-0.3'
  readonly folder: string
  readonly delivery: Delivery
  readonly receivers: Receivers
  readonly secrets: Readonly<Record<string, string>>
}

const inAHurry = (config: string) =>
  config
    .replace(/group_wait: .*/g, 'group_wait: 1s')
    .replace(/group_interval: .*/g, 'group_interval: 2s')
    .replace(/repeat_interval: 1m$/gm, 'repeat_interval: 2s')

const write = (path: string, text: string) => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text, { mode: 0o600 })
}

/** A real Alertmanager with the generated configuration, which waits for seconds only. Its messages end at the receivers. */
export const startStand = async ({ program: name, folder, delivery, receivers, secrets }: StandOptions) => {
  const programs = await ensurePrograms([name])
  const port = await freePort()
  const { pager: _, ...rest } = composeDeployment
  const deployment: Deployment = {
    ...rest,
    incidents: new URL(receivers.httpUrl).host,
    secretsDir: join(folder, 'secrets'),
    hasSecret: (secret) => Object.hasOwn(secrets, secret),
    webhookUrlFiles: name === 'alertmanager-0.3',
  }
  for (const [secret, text] of Object.entries(secrets)) write(join(folder, 'secrets', secret), text)
  const configFile = join(folder, 'config/alertmanager.yml')
  write(configFile, inAHurry(alertmanagerConfig(deployment, delivery)))
  write(join(folder, 'config/templates/techplus.tmpl'), messageTemplates(delivery))
  write(join(folder, 'config/templates/sources.tmpl'), sourceTemplates(ruleFiles(), deployment))
  const program = programs[name]
  const server = await startAlertmanager({
    program: { ...program, env: { ...program.env, SSL_CERT_FILE: receivers.authorityFile } },
    dataDir: join(folder, 'data'),
    port,
    configFile,
  })
  const ask = async (path: string, init?: RequestInit) => {
    const answer = await fetch(`${server.url}/api/v2/${path}`, init)
    if (!answer.ok) throw new Error(`Alertmanager answered ${answer.status}: ${await answer.text()}`)
    return answer.text()
  }
  return {
    ...server,
    post: (alerts: readonly Posted[]) =>
      ask('alerts', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(
          alerts.map((alert) => ({ generatorURL: 'http://127.0.0.1:9090/graph?g0.expr=up&g0.tab=1', ...alert })),
        ),
      }),
    /** What silences each alert that there is. */
    silences: async (): Promise<ReadonlyMap<string, readonly string[]>> => {
      const alerts: readonly { labels: Labels; status: { silencedBy: readonly string[] } }[] = JSON.parse(
        await ask('alerts'),
      )
      return new Map(alerts.map(({ labels, status }) => [labels.alertname ?? '', status.silencedBy]))
    },
  }
}
