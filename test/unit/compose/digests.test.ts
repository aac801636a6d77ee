import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { artefacts } from '../../../compose/artefacts.ts'
import { digestFiles } from '../../../compose/digests.ts'
import { root } from '../../../compose/plan.ts'

const files = artefacts()
const digestsOf = (changed: ReadonlyMap<string, string>) => new Map(digestFiles(changed))
const before = digestsOf(files)
/** Whose digest is another once this file is. */
const restarted = (path: string) => {
  expect(files.get(path)).toBeDefined()
  const after = digestsOf(new Map([...files, [path, `${files.get(path)} `]]))
  return [...after].filter(([name, text]) => before.get(name) !== text).map(([name]) => name)
}

describe('a program is started anew', () => {
  test.each([
    ['prometheus/prometheus.yml', ['digests/prometheus.env']],
    ['prometheus/rules/http.yml', ['digests/prometheus.env']],
    ['alertmanager/templates/sources.tmpl', ['digests/alertmanager.env']],
    ['blackbox/blackbox.yml', ['digests/blackbox.env']],
    ['grafana/provisioning/datasources/techplus.yml', ['digests/grafana.env']],
    ['mimir/mimir.yml', ['digests/mimir.env']],
    ['mimir/nginx.conf', ['digests/gateway.env']],
    ['mimir/agent.yml', ['digests/agent.env']],
    // Read again by Grafana itself, and given to Mimir at every start.
    ['grafana/dashboards/techplus-overview.json', []],
    ['mimir/rules/http.yml', []],
  ])('for %s', (path, names) => {
    expect(restarted(path)).toEqual(names)
  })

  test('also for what moves from one of its files to the next', () => {
    const split = (one: string, other: string) =>
      digestsOf(
        new Map([
          ['prometheus/a', one],
          ['prometheus/b', other],
        ]),
      ).get('digests/prometheus.env')
    expect(split('xy', '')).not.toBe(split('x', 'y'))
  })
})

const composeFile = z.object({
  services: z.record(
    z.string(),
    z.object({
      env_file: z.array(z.union([z.string(), z.object({ path: z.string(), required: z.literal(false) })])).default([]),
      volumes: z.array(z.union([z.string(), z.object({ source: z.string() })])).default([]),
    }),
  ),
})
const servicesOf = (name: string) =>
  Object.entries(composeFile.parse(parse(readFileSync(join(root, name), 'utf8'), { merge: true })).services)

/** What is looked at as it starts, and what is there once a start. */
const once = ['init', 'mimir-rules']

describe.each([
  ['docker-compose.yml', 'compose/generated'],
  ['docker-compose.targets.yml', '.local/given'],
  ['docker-compose.mimir.yml', 'compose/generated'],
  ['docker-compose.mimir-targets.yml', '.local/given'],
])('%s', (name, folder) => {
  test('names the digest of what a service has from there, whoever has any', () => {
    const reads = servicesOf(name).flatMap(([service, { env_file, volumes }]) => {
      const sources = volumes.map((one) => (typeof one === 'string' ? one : one.source))
      const mounted = sources.some((one) => one.startsWith(`./${folder}/`)) && !once.includes(service)
      return mounted ? [[service, env_file.map((one) => (typeof one === 'string' ? one : one.path))] as const] : []
    })
    expect(reads.length).toBeGreaterThan(3)
    const program = (service: string) =>
      service === 'mimir' && name.includes('mimir') ? 'gateway' : service.replace(/-\d$/, '')
    expect(reads).toEqual(reads.map(([service]) => [service, [`${folder}/digests/${program(service)}.env`]]))
    for (const [, [path = '']] of reads) expect(files.has(path.slice(folder.length + 1))).toBe(true)
  })
})
