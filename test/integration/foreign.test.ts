import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensurePrograms } from '../../compose/local/programs.ts'
import {
  startAlertmanager,
  startBlackboxExporter,
  startNodeExporter,
  startPrometheus,
} from '../../compose/local/servers.ts'
import { yaml } from '../../compose/yaml.ts'
import { definitionsIn } from '../../exporters/service/metrics.ts'
import * as alertmanager from '../../metrics/foreign/alertmanager.ts'
import * as node from '../../metrics/foreign/node.ts'
import * as probe from '../../metrics/foreign/probe.ts'
import * as prometheus from '../../metrics/foreign/prometheus.ts'
import * as scrapes from '../../metrics/foreign/scrapes.ts'
import { authority } from './certificates.ts'
import { instantQuery } from './instant-query.ts'
import { eventually, freePort, workshop } from './servers.ts'

const shop = workshop()
const programs = await ensurePrograms(['prometheus', 'alertmanager', 'blackbox-exporter', 'node-exporter'])
const names = ['prometheus', 'alertmanager', 'blackbox', 'node', 'valid', 'expired'] as const
type Name = (typeof names)[number]
const ports = new Map<Name, number>()
const at = (name: Name) => `127.0.0.1:${ports.get(name)}`

const file = (name: string, content: object) => {
  mkdirSync(shop.folder, { recursive: true })
  const path = join(shop.folder, name)
  writeFileSync(path, yaml(content))
  return path
}
const options = (name: Name, program: keyof typeof programs) => ({
  program: programs[program],
  dataDir: join(shop.folder, name),
  port: ports.get(name) ?? 0,
})

const certificates = authority(join(shop.folder, 'certificates'), 'an authority')
const answering = {
  valid: createServer(certificates.issue('valid', ['localhost']), (_, response) => response.end('well\n')),
  expired: createServer(certificates.issue('expired', ['localhost'], -1), (_, response) => response.end('well\n')),
}

const text = async (url: string) => (await fetch(url)).text()
const query = (promql: string) => instantQuery(`http://${at('prometheus')}`, promql)

beforeAll(async () => {
  for (const name of names) ports.set(name, await freePort())
  for (const name of ['valid', 'expired'] as const) answering[name].listen(ports.get(name), '127.0.0.1')
  const alerts = { receiver: 'nobody' }
  shop.keep(
    await startAlertmanager({
      ...options('alertmanager', 'alertmanager'),
      configFile: file('alertmanager.yml', { route: alerts, receivers: [{ name: alerts.receiver }] }),
    }),
  )
  const http = { preferred_ip_protocol: 'ip4', tls_config: { ca_file: certificates.certFile } }
  shop.keep(
    await startBlackboxExporter({
      ...options('blackbox', 'blackbox-exporter'),
      configFile: file('blackbox.yml', { modules: { trusting: { prober: 'http', timeout: '5s', http } } }),
    }),
  )
  shop.keep(await startNodeExporter(options('node', 'node-exporter')))
  const alert = { alert: 'Always', expr: 'vector(1)', labels: { severity: 'low', owner: 'nobody' } }
  file('rules.yml', { groups: [{ name: 'rules', rules: [alert] }] })
  const itself = { job_name: 'prometheus', static_configs: [{ targets: [at('prometheus')] }] }
  shop.keep(
    await startPrometheus({
      ...options('prometheus', 'prometheus'),
      configFile: file('prometheus.yml', {
        global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
        rule_files: ['rules.yml'],
        alerting: { alertmanagers: [{ static_configs: [{ targets: [at('alertmanager')] }] }] },
        scrape_configs: [itself],
      }),
    }),
  )
  await eventually(
    () => query('up == 1'),
    (found) => found.length > 0,
  )
}, 120_000)

afterAll(async () => {
  for (const server of Object.values(answering)) server.close()
  await shop.end()
})

const probing = (target: 'valid' | 'expired') =>
  text(
    `http://${at('blackbox')}/probe?module=trusting&target=${encodeURIComponent(`https://localhost:${ports.get(target)}/`)}`,
  )

const served: readonly (readonly [string, object, () => Promise<string>])[] = [
  ['Prometheus', prometheus, () => text(`http://${at('prometheus')}/metrics`)],
  ['Alertmanager', alertmanager, () => text(`http://${at('alertmanager')}/metrics`)],
  ['the node exporter', node, () => text(`http://${at('node')}/metrics`)],
  ['the blackbox exporter', probe, () => probing('valid')],
]

describe.each(served)('what rules read of %s', (_name, module, page) => {
  let lines: readonly string[] = []
  beforeAll(async () => {
    lines = (await page()).split('\n')
  })

  // The kernel tells of pressure only where it is built to.
  const tellsOfPressure = existsSync('/proc/pressure')
  const metrics = definitionsIn(module).filter(({ name }) => tellsOfPressure || !name.startsWith('node_pressure_'))
  test.each(metrics.map((metric) => [metric.name, metric] as const))(
    'has %s, of that type and with these labels',
    (name, metric) => {
      expect(lines).toContain(`# TYPE ${name} ${metric.type}`)
      const series = lines.filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      expect(series).not.toEqual([])
      for (const one of series) {
        const labels = [...one.replace(/ [^ ]*$/, '').matchAll(/(\w+)="/g)].map(([, label]) => label)
        expect(labels).toEqual(expect.arrayContaining([...metric.labels]))
      }
    },
  )
})

describe('what rules read of Prometheus, and nobody serves', () => {
  test.each(definitionsIn(scrapes).map((metric) => [metric.name, metric] as const))('is %s', async (name, metric) => {
    const [first] = await eventually(
      () => query(name),
      (found) => found.length > 0,
    )
    expect(Object.keys(first?.metric ?? {})).toEqual(expect.arrayContaining([...metric.labels]))
  })
})

test('a probe that distrusts an expired certificate does not say when it expired', async () => {
  const page = await probing('expired')
  expect(page).toMatch(/^probe_success 0$/m)
  expect(page).not.toContain(probe.probeCertificateExpiry.name)
  expect(await probing('valid')).toMatch(/^probe_success 1$/m)
})
