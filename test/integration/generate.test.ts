import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { ourDelivery, routesOf } from '../../alerts/routes.ts'
import { artefacts } from '../../compose/artefacts.ts'
import { composeDeployment, type Deployment } from '../../compose/deployment.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { run } from '../../compose/local/run.ts'
import { copyTo } from './compiler.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'generate-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// The first run of a checkout fetches them.
const programs = await ensurePrograms(['promtool', 'amtool', 'blackbox-exporter'])

const call = (name: keyof typeof programs, ...args: readonly string[]) =>
  run([programs[name].path, ...args], { env: programs[name].env })

const write = (path: string, text: string) => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

/** A laptop that watches one database, with no secret and no API. */
const local: Deployment = {
  exporter: '127.0.0.1:9464',
  prometheus: '127.0.0.1:9090',
  alertmanager: '127.0.0.1:9093',
  blackbox: '127.0.0.1:9115',
  nodeExporter: '127.0.0.1:9100',
  incidents: '127.0.0.1:9466',
  dashboards: 'http://127.0.0.1:3001',
  runbooks: 'http://p',
  targets: ['main'],
  secretsDir: join(folder, 'no-secrets'),
  hasSecret: () => false,
  webhookUrlFiles: false,
  dashboardsDir: '/dashboards',
}

describe.each([
  ['compose', composeDeployment],
  ['local', local],
] as const)('what is generated for the %s deployment', (name, deployment) => {
  const home = join(folder, name)
  const file = (path: string) => join(home, path)
  const written = artefacts(deployment)
  for (const [path, text] of written) write(file(path), text)
  const ruleFiles = [...written.keys()].filter((path) => path.startsWith('prometheus/rules/')).map(file)
  const alertmanager = file('alertmanager/alertmanager.yml')

  test('is rules that promtool accepts, no two alike', async () => {
    expect(ruleFiles.length).toBeGreaterThan(0)
    const { code, output } = await call('promtool', 'check', 'rules', '--lint=all', '--lint-fatal', ...ruleFiles)
    expect(output).not.toContain('FAILED')
    expect(code).toBe(0)
  })

  test('is a configuration of Prometheus that promtool accepts, with all of the rules', async () => {
    const { code, output } = await call('promtool', 'check', 'config', file('prometheus/prometheus.yml'))
    expect(output).toContain(`${ruleFiles.length} rule files found`)
    expect(output).not.toContain('FAILED')
    expect(code).toBe(0)
  })

  test('is a configuration of Alertmanager that amtool accepts', async () => {
    const { code, output } = await call('amtool', 'check-config', alertmanager)
    expect(output).toContain(`${routesOf(ourDelivery).length + 2} receivers`)
    expect(code).toBe(0)
  })

  test('is a configuration that the blackbox exporter accepts', async () => {
    const config = `--config.file=${file('blackbox/blackbox.yml')}`
    const { code } = await call('blackbox-exporter', '--config.check', config)
    expect(code).toBe(0)
  })
})

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const execute = (command: string, args: readonly string[], cwd: string) =>
  new Promise<Ended>((resolve) => {
    const child = execFile(command, args, { cwd }, (_failure, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })

const checkout = (name = 'checkout') =>
  copyTo(
    mkdtempSync(join(folder, `${name}-`)),
    ...['config', 'metrics', 'exporters', 'alerts', 'dashboards', 'compose', 'docs'],
  )

// What `npm run generate` runs: npm itself has more to say on stderr.
const generate = (copy: string, ...args: readonly string[]) =>
  execute(process.execPath, ['--import', 'tsx', 'compose/generate.ts', ...args], copy)

const generatedIn = (copy: string): ReadonlyMap<string, string> => {
  const below = join(copy, 'compose/generated')
  const entries = readdirSync(below, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    entries.map(({ parentPath, name }) => [
      join(parentPath, name).slice(below.length + 1),
      readFileSync(join(parentPath, name), 'utf8'),
    ]),
  )
}

const edit = (file: string, from: string, to: string) => {
  const text = readFileSync(file, 'utf8')
  const edited = text.replace(from, to)
  if (edited === text) throw new Error(`${file} does not hold ${from}`)
  writeFileSync(file, edited)
}

const rules = 'prometheus/rules/redis.yml'

describe('npm run generate -- --check', () => {
  test('passes: what is committed is what would be generated', async () => {
    const { code, stderr } = await execute('npm', ['run', '--silent', 'generate', '--', '--check'], root)
    expect(stderr).not.toContain('compose/generated')
    expect(code).toBe(0)
  })

  test('passes in a folder whose name has a space and an accent', async () => {
    const { code, stderr } = await generate(checkout('Salle à manger'), '--check')
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })

  test.each<[string, (generated: string) => void, string]>([
    ['is edited by hand', (generated) => edit(join(generated, rules), '> 0.9', '> 0.95'), `${rules} differs`],
    ['is missing', (generated) => rmSync(join(generated, rules)), `${rules} is missing`],
    [
      'is not generated any more',
      (generated) => write(join(generated, 'prometheus/rules/mysql.yml'), 'groups: []\n'),
      'prometheus/rules/mysql.yml is not generated any more',
    ],
  ])('fails where a file %s, names it and mends nothing; generating mends it', async (_words, damage, fault) => {
    const copy = checkout()
    // The tree may be ahead of what was last generated from it.
    await generate(copy)
    const right = generatedIn(copy)
    damage(join(copy, 'compose/generated'))
    const damaged = generatedIn(copy)
    expect(damaged).not.toEqual(right)

    const checked = await generate(copy, '--check')
    expect(checked.code).toBe(1)
    const lines = checked.stderr.trim().split('\n')
    expect(lines).toHaveLength(2)
    expect(lines[0]).toContain(`compose/generated/${fault}`)
    expect(lines[1]).toContain('npm run generate')
    expect(generatedIn(copy)).toEqual(damaged)

    expect((await generate(copy)).code).toBe(0)
    expect(generatedIn(copy)).toEqual(right)
  })

  test('fails where the support page is edited by hand or missing; generating mends it, and touches no page beside it', async () => {
    const copy = checkout()
    await generate(copy)
    const page = join(copy, 'docs/support.md')
    const [right, beside] = [readFileSync(page, 'utf8'), readdirSync(join(copy, 'docs'))]
    for (const [damage, fault] of [
      [() => edit(page, '72 h', '96 h'), 'differs from what is generated'],
      [() => rmSync(page), 'is missing'],
    ] as const) {
      damage()
      const { code, stderr } = await generate(copy, '--check')
      expect(stderr).toContain(`docs/support.md ${fault}\n`)
      expect(code).toBe(1)
      expect((await generate(copy)).code).toBe(0)
      expect(readFileSync(page, 'utf8')).toBe(right)
      expect(readdirSync(join(copy, 'docs'))).toEqual(beside)
    }
  })

  test('fails where a threshold was changed and nothing generated from it', async () => {
    const copy = checkout()
    await generate(copy)
    edit(join(copy, 'config/sla.ts'), '99.5 %', '99 %')
    edit(join(copy, 'config/sla.ts'), 'target: 0.995', 'target: 0.99')
    const { code, stderr } = await generate(copy, '--check')
    expect(code).toBe(1)
    expect(stderr).toContain('compose/generated/prometheus/rules/promises.yml differs')
  })
})

describe('npm run generate', () => {
  test.each([
    ['a target that leaves no error budget', 'target: 0.999', 'target: 1', 'httpAvailability.target is 1:'],
    [
      'a target too low to burn too fast',
      'target: 0.999',
      'target: 0.9',
      'httpAvailability.target is 0.9: its fastest burn alert',
    ],
    ['a team that is none', "owner: 'reservations'", "owner: 'nobody'", 'reservationSuccess.owner is nobody:'],
    ['a bound that no request keeps', 'seconds: 0.5', 'seconds: 0', 'httpLatency.seconds is 0:'],
    ['a window without a unit', "window: '30d'", "window: '30'", 'httpAvailability.window is 30:'],
    ['words of another share', '99.5 %', '99 %', 'reservationSuccess.promise says nothing of 99.5 %:'],
    ['words of another bound', '500 ms', '300 ms', 'httpLatency.promise says nothing of 500 ms or 0.5 s:'],
  ])('refuses a promise with %s in one line, and writes nothing', async (_words, from, to, fault) => {
    const copy = checkout()
    edit(join(copy, 'config/sla.ts'), from, to)
    const before = generatedIn(copy)
    for (const args of [[], ['--check']]) {
      const { code, stdout, stderr } = await generate(copy, ...args)
      expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(`config/sla.ts: ${fault}`)])
      expect(stdout).toBe('')
      expect(code).toBe(1)
      expect(generatedIn(copy)).toEqual(before)
    }
  })

  const none = 'Readonly<Record<string, Override>> = {}'
  test.each([
    [
      'an override without a reason',
      'config/overrides.ts',
      none,
      'any = { PostgresDown: { off: true } }',
      'PostgresDown.reason is missing: say why',
    ],
    [
      'an override of no alert',
      'config/overrides.ts',
      none,
      "any = { PostgresDwon: { off: true, reason: 'x' } }",
      'PostgresDwon is no alert: did you mean PostgresDown?',
    ],
    [
      'an alert that nobody is told of',
      'config/teams.ts',
      'tell: { medium: [mail], low: [mail] }',
      'tell: { medium: [mail] }',
      'teams.support.tell.low is missing: nobody would be told of ',
    ],
    [
      'a severity without a receiver',
      'config/teams.ts',
      'tell: { medium: [mail], low: [mail] }',
      'tell: { medium: [mail], low: [] }',
      'teams.support.tell.low is empty: name a channel',
    ],
    [
      'a route that no alert takes',
      'config/teams.ts',
      'tell: { medium: [mail], low: [mail] }',
      'tell: { high: [mail], medium: [mail], low: [mail] }',
      'teams.support.tell.high is reached by no alert: leave it out',
    ],
  ])('refuses %s in one line, and writes nothing', async (_words, file, from, to, fault) => {
    const copy = checkout()
    edit(join(copy, file), from, to)
    const before = generatedIn(copy)
    const { code, stderr } = await generate(copy)
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(`${file}: ${fault}`)])
    expect(code).toBe(1)
    expect(generatedIn(copy)).toEqual(before)
  })

  test('moves a threshold, switches an alert off, and says so in the runbook', async () => {
    const copy = checkout()
    edit(
      join(copy, 'config/overrides.ts'),
      none,
      `Readonly<Record<string, Override>> = {
        PostgresConnectionsNearLimit: { threshold: '95 %', for: '9m', reason: 'the pool is sized to the limit' },
        RedisFragmented: { off: true, reason: 'jemalloc is not used' },
      }`,
    )
    expect((await generate(copy)).code).toBe(0)
    const found = generatedIn(copy)
    const [, rule] =
      /alert: PostgresConnectionsNearLimit\n([\s\S]*?)- alert/.exec(found.get('prometheus/rules/postgres.yml') ?? '') ??
      []
    expect(rule).toContain('> 0.95')
    expect(rule).toContain('for: 9m')
    expect(found.get('prometheus/rules/redis.yml')).not.toContain('alert: RedisFragmented')
    expect(found.get('runbook.md')).toContain(
      '**Changed here:** threshold 95 %, for 9m. the pool is sized to the limit',
    )
    expect(found.get('runbook.md')).toContain('**Switched off here:** jemalloc is not used')
  })

  test('names every promise that cannot be watched, each in a line', async () => {
    const copy = checkout()
    edit(join(copy, 'config/sla.ts'), 'target: 0.999', 'target: 1')
    edit(join(copy, 'config/sla.ts'), 'seconds: 0.5', 'seconds: 0.3')
    const { code, stderr } = await generate(copy)
    expect(
      stderr
        .trim()
        .split('\n')
        .map((line) => line.split(':')[0]),
    ).toEqual(['config/sla.ts', 'config/sla.ts'])
    expect(code).toBe(1)
  })

  test('carries a new target through to the rules', async () => {
    const copy = checkout()
    edit(join(copy, 'config/sla.ts'), '99.9 %', '99.95 %')
    edit(join(copy, 'config/sla.ts'), 'target: 0.999', 'target: 0.9995')
    expect((await generate(copy)).code).toBe(0)
    expect(generatedIn(copy).get('prometheus/rules/promises.yml')).toContain('> 0.0072)')
  })

  test('carries a new latency through to the rules: the histogram has a bound for it', async () => {
    const copy = checkout()
    edit(join(copy, 'config/sla.ts'), 'within 500 ms', 'within 300 ms')
    edit(join(copy, 'config/sla.ts'), 'seconds: 0.5', 'seconds: 0.3')
    expect(await generate(copy)).toMatchObject({ code: 0, stderr: '' })
    expect(generatedIn(copy).get('prometheus/rules/promises.yml')).toContain('le="0.3"')
  })
})
