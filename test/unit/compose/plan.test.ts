import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { artefacts } from '../../../compose/artefacts.ts'
import { composeDeployment, composeDeploymentFor } from '../../../compose/deployment.ts'
import { deploymentOf, isDemo, outageTolerance, portsOf, unsetPublicUrls } from '../../../compose/plan.ts'
import { prometheusConfig } from '../../../compose/prometheus.ts'
import { readEnv } from '../../../config/env.ts'
import { severities } from '../../../config/sla.ts'
import { sourceVariables, type Target, targets } from '../../../config/targets.ts'

/** By what is at its end: the variable of a target that is added gets one as well. */
const urlOf = (name: string) => {
  const kinds = Object.values<Target>(targets).find(({ url }) => url === name)?.kinds
  if (kinds === undefined) return 'http://service.internal:3000'
  return kinds.includes('redis') ? 'redis://cache.internal:6379' : 'postgres://exporter@db.internal/shop'
}
const portNames = (given: Readonly<Record<string, string>>) => portsOf(readEnv(given)).map(({ name }) => name)

describe('what a local start runs', () => {
  test('is the demo as long as nothing else is named', () => {
    expect(isDemo(readEnv({}))).toBe(true)
    expect(deploymentOf(readEnv({}), '/x').targets).toEqual(['main', 'cache'])
    expect(portNames({})).toContain('Demo API')
  })

  test.each(sourceVariables)('is no demo where %s is given', (name) => {
    const given = { [name]: urlOf(name) }
    expect(isDemo(readEnv(given))).toBe(false)
    expect(portNames(given)).not.toContain('Demo API')
    expect(deploymentOf(readEnv(given), '/x').pager).toBeUndefined()
  })

  test('reads the targets that have a URL, and no others', () => {
    const targetsWith = (...names: readonly string[]) =>
      deploymentOf(readEnv(Object.fromEntries(names.map((name) => [name, urlOf(name)]))), '/x').targets
    expect(targetsWith('DATABASE_URL')).toEqual(['main'])
    expect(targetsWith('REDIS_URL')).toEqual(['cache'])
    expect(targetsWith('API_URL')).toEqual([])
  })

  const folder = mkdtempSync(join(tmpdir(), 'plan-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'secret')
  writeFileSync(file, 'hunter2\n')
  const token = { EXPORTER_TOKEN_FILE: file }
  const login = { EXPORTER_USER: 'ann', EXPORTER_PASSWORD_FILE: file }
  const byToken = { authorization: { credentials_file: file } }
  const byLogin = { basic_auth: { username: 'ann', password_file: file } }

  test.each<[what: string, given: Readonly<Record<string, string>>, wanted: object]>([
    ['nothing', {}, {}],
    ['a token', token, byToken],
    ['a password', login, byLogin],
    ['a token or a password', { ...token, ...login }, byToken],
  ])('lets Prometheus show what our exporter and recorder ask for, and nobody else: %s', (_what, given, wanted) => {
    const jobs = z
      .object({
        scrape_configs: z.array(z.object({ job_name: z.string(), static_configs: z.unknown() }).catchall(z.unknown())),
      })
      .parse(parse(prometheusConfig(deploymentOf(readEnv(given), '/x'), []))).scrape_configs
    const ours = ['postgres', 'reservations', 'redis', 'jobs', 'exporter', 'incidents']
    expect(jobs.map(({ job_name }) => job_name)).toEqual(expect.arrayContaining(ours))
    for (const { job_name, static_configs: _, ...shown } of jobs) {
      const labels = job_name === 'incidents' ? { honor_labels: true } : {}
      expect([job_name, shown]).toEqual([job_name, ours.includes(job_name) ? { ...labels, ...wanted } : labels])
    }
  })

  test.each([
    [undefined, false],
    ['0.25.0', false],
    ['0.26.0', true],
    ['0.33.1', true],
    ['1.0.0', true],
  ])('has webhooks with secret URLs where Alertmanager %s reads them: %s', (alertmanager, webhookUrlFiles) => {
    expect(deploymentOf(readEnv({}), '/x', { ...(alertmanager && { alertmanager }) })).toMatchObject({
      webhookUrlFiles,
    })
  })

  test('tells nobody where that was asked for', () => {
    expect(deploymentOf(readEnv({}), '/x').tellsNobody).toBeUndefined()
    expect(deploymentOf(readEnv({}), '/x', { tellsNobody: true }).tellsNobody).toBe(true)
  })

  test('takes every outage in which somebody may still have time to respond', () => {
    const longest = Math.max(...Object.values(severities).map(({ respondWithinHours }) => respondWithinHours))
    expect(outageTolerance).toBe(`${longest + 1}h`)
    expect(outageTolerance).toBe('73h')
  })

  test.each([
    ['EXPORTER_TOKEN', { EXPORTER_TOKEN: 'hunter2' }],
    ['EXPORTER_PASSWORD', { EXPORTER_USER: 'ann', EXPORTER_PASSWORD: 'hunter2' }],
  ])('refuses %s by value, and does not repeat it', (name, given) => {
    expect(() => deploymentOf(readEnv(given), '/x')).toThrow(`give the secret by file, as ${name}_FILE`)
    expect(() => deploymentOf(readEnv(given), '/x')).toThrow(/^(?!.*hunter2)/)
  })
})

describe('where messages lead to', () => {
  const given = {
    GRAFANA_PUBLIC_URL: 'https://ops.example/grafana/',
    PROMETHEUS_PUBLIC_URL: 'https://ops.example/prometheus',
    ALERTMANAGER_PUBLIC_URL: 'https://ops.example/alertmanager',
  }

  test('is this machine as long as nothing else is given, and that is known', () => {
    expect(deploymentOf(readEnv({ GRAFANA_PORT: '4001' }), '/x').dashboards).toBe('http://127.0.0.1:4001')
    expect([...unsetPublicUrls(readEnv({}))].sort()).toEqual(Object.keys(given).sort())
    expect(unsetPublicUrls(readEnv({ GRAFANA_PUBLIC_URL: given.GRAFANA_PUBLIC_URL }))).not.toContain(
      'GRAFANA_PUBLIC_URL',
    )
    expect(unsetPublicUrls(readEnv(given))).toEqual([])
  })

  test.each([
    ['local processes', deploymentOf(readEnv(given), '/x')],
    ['containers', composeDeploymentFor(readEnv(given))],
  ])('is where dashboards are reached, of %s too', (_what, deployment) => {
    expect(deployment.dashboards).toBe('https://ops.example/grafana')
    const text = [...artefacts(deployment).values()].join('')
    expect(text).toContain('https://ops.example/grafana/d/')
    expect(text).not.toMatch(/127\.0\.0\.1:3001/)
  })

  test('is what is committed where containers are given nothing', () => {
    expect(composeDeploymentFor(readEnv({ GRAFANA_PORT: '4001' }))).toEqual(composeDeployment)
  })
})
