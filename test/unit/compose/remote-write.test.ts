import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { artefacts } from '../../../compose/artefacts.ts'
import { composeDeployment } from '../../../compose/deployment.ts'
import { allowList } from '../../../compose/mimir/allow-list.ts'
import { deploymentOf, root } from '../../../compose/plan.ts'
import { remoteNames } from '../../../compose/scrapes.ts'
import { readEnv } from '../../../config/env.ts'
import { type Watched, watched } from '../../../config/targets.ts'

const scraping = z.object({
  global: z.object({ external_labels: z.record(z.string(), z.string()).optional() }),
  rule_files: z.array(z.string()).optional(),
  alerting: z.unknown().optional(),
  remote_write: z
    .array(
      z.object({
        url: z.string(),
        headers: z.record(z.string(), z.string()),
        send_exemplars: z.boolean(),
        queue_config: z.unknown(),
        write_relabel_configs: z.array(
          z.object({ source_labels: z.array(z.string()), regex: z.string(), action: z.literal('keep') }),
        ),
      }),
    )
    .optional(),
  scrape_configs: z.array(
    z.object({
      job_name: z.string(),
      static_configs: z.array(z.object({ labels: z.object({ instance: z.string() }).catchall(z.string()) })),
    }),
  ),
})
const sources = z.object({
  datasources: z.array(
    z.object({ name: z.string(), url: z.string(), isDefault: z.boolean().default(false) }).catchall(z.unknown()),
  ),
})

type Files = ReadonlyMap<string, string>
const read = (files: Files, path: string) => scraping.parse(parse(files.get(path) ?? ''))
const scrapedBy = (files: Files, path: string) =>
  read(files, path).scrape_configs.flatMap(({ job_name, static_configs }) =>
    static_configs.map(({ labels }) => `${job_name}/${labels.instance}`),
  )
const [prometheus, agent, grafana] = [
  'prometheus/prometheus.yml',
  'mimir/agent.yml',
  'grafana/provisioning/datasources/techplus.yml',
]
/** With what tells whoever reads one of them that it is another. */
const three = ['digests/agent.env', 'digests/grafana.env', 'digests/prometheus.env', grafana, agent, prometheus]
const changed = (before: Files, after: Files) =>
  [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path)).sort()

const generatedIn = (folder: string): Files => {
  const generated = join(folder, 'compose/generated')
  const paths = readdirSync(generated, { recursive: true, encoding: 'utf8' })
  const files = paths.filter((path) => statSync(join(generated, path)).isFile())
  return new Map(files.map((path) => [path, readFileSync(join(generated, path), 'utf8')]))
}

/** Where agents and Mimir are watched from, as soon as they are there. */
const ofMimir = ['agent/agent-1', 'agent/agent-2', 'mimir/mimir-1', 'mimir/mimir-2', 'mimir/mimir-3']

const local = artefacts()

/** One of what is watched moved, by its place in `config/targets.ts`. */
const moved = (part: keyof Watched, name: string): Watched => {
  const named: Readonly<Record<string, object>> = watched[part]
  return { ...watched, [part]: { ...named, [name]: { ...named[name], storage: 'remote-write' } } }
}

describe('one line in config/targets.ts', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'moved-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('moves a target, and all else follows', () => {
    for (const part of ['config', 'metrics', 'exporters', 'alerts', 'dashboards', 'compose', 'package.json']) {
      cpSync(join(root, part), join(folder, part), { recursive: true })
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    const file = join(folder, 'config/targets.ts')
    const [line, more] = ["    url: 'DATABASE_URL',\n", "    storage: 'remote-write',\n"]
    const text = readFileSync(file, 'utf8')
    expect(text.split(line)).toHaveLength(2)
    writeFileSync(file, text.replace(line, `${line}${more}`))
    execFileSync(process.execPath, ['--import', 'tsx', 'compose/generate.ts'], { cwd: folder })
    const committed = generatedIn(root)
    const after = generatedIn(folder)
    expect(changed(committed, after)).toEqual(three)
    const wanted = artefacts(composeDeployment, moved('targets', 'main'))
    for (const path of three) expect(after.get(path)).toBe(wanted.get(path))
  })
})

const places = [
  ['targets', 'main', ['postgres/main', 'reservations/main']],
  ['targets', 'cache', ['redis/cache']],
  ['folders', 'maintenance', ['jobs/maintenance']],
  ['services', 'api', ['api/api', 'probe/api']],
] as const

describe.each(places)('of the %s, %s stored by remote write', (part, name, jobs) => {
  const what = moved(part, name)
  const after = artefacts(composeDeployment, what)
  const agentConfig = read(after, agent)
  const prometheusConfig = read(after, prometheus)

  test('is scraped by the agents, and no longer by Prometheus, which scrapes all else and them', () => {
    expect(scrapedBy(after, agent)).toEqual(jobs)
    const left = scrapedBy(local, prometheus).filter((one) => !jobs.some((job) => job === one))
    expect(scrapedBy(after, prometheus)).toEqual([...left, ...ofMimir])
    const endpointsOf = (files: Files, path: string) =>
      read(files, path).scrape_configs.filter(({ job_name }) => jobs.some((job) => job.startsWith(`${job_name}/`)))
    expect(endpointsOf(after, agent)).toEqual(endpointsOf(local, prometheus))
  })

  test('is written by both of a pair, as which Mimir knows them, with no more than is read', () => {
    expect(agentConfig.global.external_labels).toEqual({ cluster: 'techplus', __replica__: '$' + '{REPLICA}' })
    const [write, ...others] = agentConfig.remote_write ?? []
    expect(others).toEqual([])
    expect(write).toMatchObject({
      url: 'http://mimir:8080/api/v1/push',
      headers: { 'X-Scope-OrgID': 'techplus' },
      send_exemplars: true,
      // What Mimir takes no faster is lost otherwise.
      queue_config: { retry_on_http_429: true },
      write_relabel_configs: [{ source_labels: ['__name__'], regex: allowList().join('|'), action: 'keep' }],
    })
  })

  test('has all that rules read beside it: Prometheus writes the rest there, and evaluates nothing', () => {
    expect(prometheusConfig.remote_write).toEqual(agentConfig.remote_write)
    expect(prometheusConfig.rule_files).toBeUndefined()
    // It would be taken for one of a pair, and alerts would get labels that `ALERTS` has not.
    expect(prometheusConfig.global.external_labels).toBeUndefined()
    // It is still to know whether anybody could be told.
    expect(prometheusConfig.alerting).toEqual(read(local, prometheus).alerting)
  })

  test('is found by the same dashboards, which ask Mimir unless somebody chooses otherwise', () => {
    const { datasources } = sources.parse(parse(after.get(grafana) ?? ''))
    expect(datasources.filter(({ isDefault }) => isDefault)).toMatchObject([
      {
        name: 'Mimir',
        url: 'http://mimir:8080/prometheus',
        jsonData: { httpHeaderName1: 'X-Scope-OrgID', prometheusType: 'Mimir' },
        secureJsonData: { httpHeaderValue1: 'techplus' },
      },
    ])
    expect(datasources.map(({ name: one }) => one)).toEqual(['Mimir', 'Prometheus', 'Alertmanager'])
    expect(changed(local, after)).toEqual(three)
  })

  test('stays with Prometheus where there is no Mimir, and that is said', () => {
    const here = deploymentOf(readEnv({}), '/x')
    expect(changed(artefacts(here), artefacts(here, what))).toEqual([])
    expect([...artefacts(here, what).keys()].filter((path) => path.startsWith('mimir/'))).toEqual([])
    expect(remoteNames(what)).toEqual([name])
  })
})

test('with nothing to be stored by remote write, agents scrape nothing, Prometheus all, and Grafana asks that', () => {
  expect(scrapedBy(local, agent)).toEqual([])
  expect(scrapedBy(local, prometheus)).toEqual(expect.arrayContaining(places.flatMap(([, , jobs]) => jobs)))
  expect(read(local, prometheus).remote_write).toBeUndefined()
  expect(read(local, prometheus).rule_files).toHaveLength(11)
  const { datasources } = sources.parse(parse(local.get(grafana) ?? ''))
  expect(datasources.map(({ name, isDefault }) => [name, isDefault])).toEqual([
    ['Prometheus', true],
    ['Alertmanager', false],
  ])
  expect(remoteNames()).toEqual([])
})
