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
  /** After how long what still fires is told again; left out where no test is that long. */
  readonly repeat?: string
}

/** Milliseconds from one look at a group to the next. */
export const hurriedInterval = 2000

/** The heart's repetition stays half of its interval. */
const inAHurry = (config: string, repeat: string | undefined) => {
  const hurried = config
    .replace(/group_wait: .*/g, 'group_wait: 1s')
    .replace(/group_interval: .*/g, `group_interval: ${hurriedInterval}ms`)
    .replace(/repeat_interval: 30s$/gm, `repeat_interval: ${hurriedInterval / 2}ms`)
  return repeat === undefined ? hurried : hurried.replace(/repeat_interval: \d+h$/gm, `repeat_interval: ${repeat}`)
}

const write = (path: string, text: string) => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text, { mode: 0o600 })
}

/** A real Alertmanager with the generated configuration, which waits for seconds only. Its messages end at the receivers. */
export const startStand = async ({ program: name, folder, delivery, receivers, secrets, repeat }: StandOptions) => {
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
  write(configFile, inAHurry(alertmanagerConfig(deployment, delivery), repeat))
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
    /** Silences every alert of a name; the answer is the silence. */
    silence: async (alertname: string): Promise<string> => {
      const [startsAt, endsAt] = [Date.now(), Date.now() + 3600_000].map((at) => new Date(at).toISOString())
      const matchers = [{ name: 'alertname', value: alertname, isRegex: false, isEqual: true }]
      const body = JSON.stringify({ matchers, startsAt, endsAt, createdBy: 'test', comment: 'acknowledged' })
      const headers = { 'content-type': 'application/json' }
      const { silenceID }: { readonly silenceID: string } = JSON.parse(
        await ask('silences', { method: 'POST', headers, body }),
      )
      return silenceID
    },
    endSilence: (id: string) => ask(`silence/${id}`, { method: 'DELETE' }),
    /** What silences each alert that there is. */
    silences: async (): Promise<ReadonlyMap<string, readonly string[]>> => {
      const alerts: readonly { labels: Labels; status: { silencedBy: readonly string[] } }[] = JSON.parse(
        await ask('alerts'),
      )
      return new Map(alerts.map(({ labels, status }) => [labels.alertname ?? '', status.silencedBy]))
    },
  }
}
