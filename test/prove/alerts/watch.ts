import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { type Alert, isAlert, type RuleGroup, retuned } from '../../../alerts/alert.ts'
import { ruleFiles } from '../../../alerts/index.ts'
import { ensurePrograms } from '../../../compose/local/programs.ts'
import { startAlertmanager, startPrometheus } from '../../../compose/local/servers.ts'
import { ruleFile } from '../../../compose/rule-file.ts'
import { yaml } from '../../../compose/yaml.ts'
import { instantQuery } from '../../integration/instant-query.ts'
import { eventually, freePort, type workshop } from '../../integration/servers.ts'
import { compressedGroup, interval } from './compress.ts'
import type { Adjustment, Expected, Scraped, Stage, Told, Watch } from './provocation.ts'

const isAbout = ({ alert, labels = {} }: Expected, told: Told) =>
  Object.entries({ alertname: alert.alert, ...alert.labels, ...labels }).every(
    ([name, value]) => told.labels[name] === value,
  )

const receiver = async () => {
  const heard: Told[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { alerts }: { readonly alerts: readonly Told[] } = JSON.parse(Buffer.concat(chunks).toString())
    heard.push(...alerts)
    response.end()
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${port}`,
    /** Firing while any series of it is. */
    told: (expected: Expected) => {
      const last = new Map(
        heard.filter((one) => isAbout(expected, one)).map((one) => [JSON.stringify(one.labels), one.status]),
      )
      if (last.size === 0) return undefined
      return [...last.values()].includes('firing') ? 'firing' : 'resolved'
    },
    end: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** One notification an alert, as soon as can be. */
const alertmanagerConfig = (url: string) => ({
  route: { receiver: 'told', group_by: ['...'], group_wait: '0s', group_interval: '1s', repeat_interval: '1h' },
  receivers: [{ name: 'told', webhook_configs: [{ url, send_resolved: true }] }],
})

const adjustmentOf = ({ id }: Alert, adjusted: readonly Adjustment[]) => adjusted.find((one) => one.alert.id === id)

/** What is asked of an alert, with the numbers by which it is judged in a scene. */
export const adjustedExpr = (promql: string, alert: Alert, adjusted: readonly Adjustment[]): string =>
  Object.entries(adjustmentOf(alert, adjusted)?.numbers ?? {}).reduce(
    (all, [from, to]) => all.replaceAll(from, to),
    promql,
  )

const adjust = (alert: Alert, adjusted: readonly Adjustment[]): Alert => {
  const found = adjustmentOf(alert, adjusted)
  if (!found) return alert
  const { threshold, numbers = {}, why } = found
  const other = threshold === undefined ? alert : retuned(alert, { threshold, reason: why })
  const foreign = Object.keys(numbers).find((number) => !other.expr.includes(number))
  if (foreign !== undefined) throw new Error(`${alert.id} has no ${foreign}: ${other.expr}`)
  return { ...other, expr: adjustedExpr(other.expr, alert, adjusted) }
}

/** The groups that these alerts stand in, without other alerts, as they are judged where times pass faster. */
export const rulesFor = (alerts: readonly Alert[], adjusted: readonly Adjustment[]): readonly RuleGroup[] => {
  const ids = new Set(alerts.map(({ id }) => id))
  return Object.values(ruleFiles())
    .filter((groups) => groups.some(({ rules }) => rules.some((rule) => isAlert(rule) && ids.has(rule.id))))
    .flat()
    .map((group) => ({
      ...group,
      rules: group.rules.flatMap((rule): RuleGroup['rules'] => {
        if (!isAlert(rule)) return [rule]
        return ids.has(rule.id) ? [adjust(rule, adjusted)] : []
      }),
    }))
    .filter(({ rules }) => rules.length > 0)
    .map(compressedGroup)
}

const scrapeConfig = ({ job, instance, url, every }: Scraped, i: number) => {
  const { host, pathname, searchParams } = new URL(url)
  return {
    job_name: `${job}-${i}`,
    ...(every && { scrape_interval: every, scrape_timeout: every }),
    metrics_path: pathname,
    params: Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)])),
    static_configs: [{ targets: [host], labels: { job, instance } }],
  }
}

export const startWatch = async (
  shop: ReturnType<typeof workshop>,
  groups: readonly RuleGroup[],
  scrapedFor: Stage['scraped'],
): Promise<Watch> => {
  const programs = await ensurePrograms(['prometheus', 'alertmanager'])
  const home = join(shop.folder, 'watch')
  mkdirSync(home, { recursive: true })
  const put = (name: string, content: object) => {
    writeFileSync(join(home, name), yaml(content))
    return join(home, name)
  }
  const told = await receiver()
  const [prometheusPort, alertmanagerPort] = [await freePort(), await freePort()]
  const alertmanager = shop.keep(
    await startAlertmanager({
      program: programs.alertmanager,
      dataDir: join(home, 'alertmanager'),
      port: alertmanagerPort,
      configFile: put('alertmanager.yml', alertmanagerConfig(told.url)),
    }),
  )
  const rulesFile = put('rules.yml', ruleFile(groups))
  const self = {
    prometheus: `http://127.0.0.1:${prometheusPort}`,
    alertmanager: `http://127.0.0.1:${alertmanagerPort}`,
  }
  const scraped = scrapedFor(self)
  const configFile = put('prometheus.yml', {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: ['rules.yml'],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [new URL(self.alertmanager).host] }] }] },
    scrape_configs: scraped.map(scrapeConfig),
  })
  const prometheus = shop.keep(
    await startPrometheus({
      program: programs.prometheus,
      dataDir: join(home, 'prometheus'),
      port: prometheusPort,
      configFile,
      args: ['--web.enable-lifecycle', '--rules.alert.resend-delay=3s'],
    }),
  )
  const query = (promql: string) => instantQuery(prometheus.url, promql)
  return {
    prometheus,
    alertmanager,
    configFile,
    rulesFile,
    query,
    told: told.told,
    reload: async () => {
      const answer = await fetch(`${prometheus.url}/-/reload`, { method: 'POST' })
      if (!answer.ok) throw new Error(`Prometheus refused its new configuration: ${await answer.text()}`)
    },
    ready: () =>
      eventually(
        async () => (await query('up == 1')).length,
        (up) => up >= scraped.length,
        { within: 60_000, every: 500 },
      ),
    end: told.end,
  }
}
