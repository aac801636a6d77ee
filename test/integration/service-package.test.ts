import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { run } from '../../compose/local/run.ts'
import { checkRules, compilers, guidePrograms, pack, project } from './package-stand.ts'
import { eventually, workshop } from './servers.ts'

const shop = workshop()
afterAll(shop.end)

const packed = await pack(shop)
const kinds = ['module', 'commonjs'] as const
type Kind = (typeof kinds)[number]
const [esm, cjs] = await Promise.all([
  project(shop, packed.tarball, 'module'),
  project(shop, packed.tarball, 'commonjs'),
])
const projects: Readonly<Record<Kind, typeof esm>> = { module: esm, commonjs: cjs }
const built = await Promise.all(kinds.map((kind) => projects[kind].faults('TypeScript 7')))

describe('the package', () => {
  const manifest = JSON.parse(readFileSync(join(packed.folder, 'package.json'), 'utf8'))

  test('holds what its entries need, the guide, and nothing else', () => {
    const allowed =
      /^(?:dist\/(?:config|metrics|exporters|alerts|dashboards|compose)\/.*\.(?:js|d\.ts)|docs\/instrument-your-service\.md|compose\/(?:generated\/metrics\.md|logrotate\/techplus)|(?:README|CHANGELOG)\.md|LICENSE|package\.json)$/
    expect(packed.files.filter((path) => !allowed.test(path))).toEqual([])
    // Collectors and the stack are not what a service runs.
    expect(packed.files.filter((path) => /\/(?:redis|reservations|local|docker|preview)\//.test(path))).toEqual([])
    expect(packed.files).toContain('docs/instrument-your-service.md')
  })

  test.each(Object.entries<Record<string, string>>(manifest.exports))('has what it exports as %s', (_name, entry) => {
    const targets = typeof entry === 'string' ? [entry] : Object.values(entry)
    expect(targets.filter((path) => !packed.files.includes(path.replace('./', '')))).toEqual([])
  })
})

describe('the programs of the guide', () => {
  test('are all there', () => {
    expect(Object.keys(guidePrograms)).toEqual([
      ...['fastify.ts', 'express.ts', 'http.ts', 'key-metrics.ts', 'keys.ts', 'alerts.ts', 'dashboards.ts'],
      ...['health.ts', 'ecosystem.config.cjs', 'registry.ts'],
    ])
  })

  test.each(kinds)('compile in a project of type %s', async (kind) => {
    expect(built[kinds.indexOf(kind)]).toEqual([])
  })

  // The libraries of the panels take it a quarter of a minute.
  test('compile with TypeScript 5 as well, also where modules are required', async () => {
    expect(await cjs.faults('TypeScript 5', '--noEmit', '-p', 'without-panels.json')).toEqual([])
  })

  const services = kinds.flatMap((kind) => [
    [kind, 'fastify', '/rooms/:id'] as const,
    [kind, 'express', '/rooms/:id'] as const,
    [kind, 'http', '/rooms/:id'] as const,
  ])
  test.each(services)('serve, count, log and answer probes: %s, %s', async (kind, name, route) => {
    const consumer = projects[kind]
    const service = await consumer.serve(name, [`built/${name}.js`])
    const before = (await service.answered(route)) ?? 0
    await service.get('/rooms/8')
    await eventually(
      () => service.answered(route),
      (count) => count === before + 1,
    )
    for (const path of ['/health', '/health/live', '/health/ready', '/health/detailed']) {
      expect((await service.get(path)).status).toBe(200)
      expect((await service.metricsPort(path)).status).toBe(200)
    }
    // Probes are no visitors.
    expect((await service.metricsPort('/metrics')).text).not.toContain('route="/health')
    if (name === 'express') {
      expect((await service.get('/broken')).status).toBe(500)
      await eventually(
        () => consumer.lines(name).map(({ message }) => message),
        (messages) => messages.includes('could not answer') && messages.includes('request failed'),
      )
    }
    if (name === 'fastify') {
      expect(consumer.lines(name)).toContainEqual(expect.objectContaining({ service: 'rooms', level: 'info' }))
      expect(await service.running.stop()).toMatchObject({ code: 0 })
    }
  })

  test('give a registry of prom-client its place among the metrics', async () => {
    esm.write({
      'registry.mjs': `import { service } from './built/registry.js'
        const answer = await fetch(await service.ready() + '/metrics')
        console.log(await answer.text())
        await service.close()`,
    })
    const { output } = await esm.node('registry.mjs')
    expect(output).toMatch(/^bookings_total 1$/m)
  })
})

describe('a service whose code knows nothing of it', () => {
  const bare = "createServer((request, response) => response.end('a room')).listen(process.env.PORT)\n"
  const programs = {
    module: ['untouched.mjs', `import { createServer } from 'node:http'\n${bare}`],
    commonjs: ['untouched.cjs', `const { createServer } = require('node:http')\n${bare}`],
  } as const

  test.each(kinds)('is instrumented by --import: %s', async (kind) => {
    const [file, text] = programs[kind]
    projects[kind].write({ [file]: text })
    const service = await projects[kind].serve(file, ['--import', 'techplus-observability/service/register', file])
    await eventually(
      () => service.answered('unmatched'),
      (count) => count !== undefined && count > 0,
    )
    expect((await service.metricsPort('/health/ready')).status).toBe(200)
  })

  test('is told what to install where it asks for traces and OpenTelemetry is not there', async () => {
    const asked = "process.env.OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:4318'"
    const { code, output } = await esm.node('-e', `${asked}; import('techplus-observability/service/register')`)
    expect(code).toBe(1)
    expect(output).toContain('Unset it, or type: npm install @fastify/otel')
  })

  test.each(['service', 'metrics'])('can be written in CommonJS: ./%s has no await at its top', async (entry) => {
    const { code, output } = await cjs.node('-e', `require('techplus-observability/${entry}')`)
    expect([code, output]).toEqual([0, ''])
  })
})

describe("a service's own metrics", () => {
  const wrong = (name: string, from: string, to: string) => {
    const text = guidePrograms[name] ?? ''
    if (!text.includes(from)) throw new Error(`${name} has no ${from}`)
    return text.replace(from, to)
  }

  test('are counted, and printed as Prometheus takes them', async () => {
    const service = await esm.serve('keys', ['built/keys.js'])
    await service.get('/')
    const { text } = await service.metricsPort('/metrics')
    expect(text).toMatch(/^room_keys_issued_total\{kind="card"\} [1-9]/m)
    expect(text).toMatch(/^room_key_duration_seconds_bucket\{kind="card",le="0.5"\} [1-9]/m)
  })

  test.each(kinds)('are alerted on by rules that fire, and are quiet otherwise: %s', async (kind) => {
    expect(await projects[kind].node('built/alerts.js')).toEqual({ code: 0, output: '' })
    const bucket = (le: string, each: number) => ({
      series: `room_key_duration_seconds_bucket{instance="rooms",kind="card",le="${le}"}`,
      values: `0+${each}x20`,
    })
    const alerts = (seconds: number) => ({
      interval: '1m',
      input_series: [bucket('1', seconds <= 1 ? 60 : 0), bucket('5', 60), bucket('+Inf', 60)],
      alert_rule_test: [
        {
          eval_time: '15m',
          alertname: 'RoomKeysSlow',
          exp_alerts:
            seconds <= 1
              ? []
              : [
                  {
                    exp_labels: { instance: 'rooms', kind: 'card', severity: 'high', owner: 'rooms' },
                    exp_annotations: {
                      summary: 'Keys of kind card take 4.6s on rooms',
                      action: 'Look at the encoder: its queue is in the log of the service.',
                    },
                  },
                ],
        },
      ],
    })
    const { code, output } = await checkRules(join(projects[kind].folder, 'rooms.yml'), [alerts(0.5), alerts(5)])
    expect(output).toContain('SUCCESS')
    expect(code).toBe(0)
  })

  test('are shown by panels that ask for them', async () => {
    expect(await esm.node('built/dashboards.js')).toEqual({ code: 0, output: '' })
    const { uid, panels } = JSON.parse(readFileSync(join(esm.folder, 'techplus-rooms.json'), 'utf8'))
    expect(uid).toBe('techplus-rooms')
    expect(JSON.stringify(panels)).toContain('sum by (kind) (rate(room_keys_issued_total[$__rate_interval]))')
  })

  test('compile with no label or name that is wrong', async () => {
    esm.write({
      'wrong/key-metrics.ts': guidePrograms['key-metrics.ts'] ?? '',
      'wrong/name.ts': wrong('key-metrics.ts', 'room_keys_issued_total', 'room_keys_issued'),
      'wrong/keys.ts': wrong('keys.ts', "issued.inc({ kind: 'card' })", "issued.inc({ sort: 'card' })"),
      'wrong/alerts.ts': wrong('alerts.ts', "label('kind')", "label('sort')"),
      'wrong/dashboards.ts': wrong('dashboards.ts', "label('kind')", "label('sort')"),
      'wrong.json': JSON.stringify({
        extends: './tsconfig.json',
        compilerOptions: { noEmit: true, rootDir: '.', skipLibCheck: true },
        include: ['wrong'],
      }),
    })
    const faults = await esm.faults('TypeScript 7', '-p', 'wrong.json')
    expect(faults.map(({ file }) => file).sort()).toEqual(
      ['alerts', 'dashboards', 'keys', 'name'].map((name) => `wrong/${name}.ts`),
    )
    expect(faults.map(({ message }) => message).join('\n')).toContain('end the name of a counter in _total')
  })

  test('are refused with such a name where no compiler looks', async () => {
    const { code, output } = await cjs.node(
      '-e',
      "require('techplus-observability/metrics').counter({ name: 'keys', help: 'Keys' })",
    )
    expect(output).toContain('Error: keys: end the name of a counter in _total')
    expect(code).toBe(1)
  })
})

describe("a service's own metrics in a fork of the repository", () => {
  const copy = (path: string, text: string) => writeFileSync(join(packed.folder, path), text)
  const programs = {
    'exporters/service/keys.ts': (guidePrograms['key-metrics.ts'] ?? '').replace(
      'techplus-observability/metrics',
      '../../metrics/metric.ts',
    ),
    'alerts/keys.ts': `import { keysIssued } from '../exporters/service/keys.ts'
import { gt, rate, sum } from '../metrics/promql.ts'
import { alert } from './alert.ts'
export const many = alert({
  name: 'ManyKeys', expr: gt(sum(rate(keysIssued, '5m'), ['kind']), 9), for: '1m', severity: 'low', owner: 'platform',
  summary: ({ label }) => \`Many keys of kind \${label('kind')}\`, action: 'Count them.',
  runbook: { meaning: 'Many keys.', impact: 'None.', diagnosis: [{ look: 'How many' }], mitigation: ['Count them.'] },
})
`,
    'dashboards/keys.ts': `import { keysIssued } from '../exporters/service/keys.ts'
import { rate, sum } from '../metrics/promql.ts'
import { timeseries } from './panel.ts'
import { series } from './query.ts'
export const keys = timeseries({
  title: 'Keys', description: 'Issued.', unit: 'perSecond',
  queries: [series(sum(rate(keysIssued, '5m'), ['kind']), ({ label }) => label('kind'))],
})
`,
  }
  const faults = async () => (await run([process.execPath, compilers['TypeScript 7']], { cwd: packed.folder })).output

  test('compile as they are, and nowhere with a label that is wrong', async () => {
    rmSync(join(packed.folder, 'test'), { recursive: true })
    for (const [path, text] of Object.entries(programs)) copy(path, text)
    expect(await faults()).toBe('')
    for (const path of ['alerts/keys.ts', 'dashboards/keys.ts'] as const) {
      copy(path, programs[path].replace("label('kind')", "label('sort')"))
    }
    const found = await faults()
    expect(found.match(/^\S+\.ts/gm)?.map((place) => place.split('(')[0])).toEqual([
      'alerts/keys.ts',
      'dashboards/keys.ts',
    ])
  })
})
