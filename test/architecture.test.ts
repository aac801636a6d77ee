import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, extname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** From the ground up: a file imports from its own floor or a lower one. */
const floors = ['config', 'metrics', 'exporters', 'alerts', 'dashboards', 'demo', 'compose']
/** Beside the house: what each may import besides itself. Nobody imports them. */
const annexes: Readonly<Record<string, readonly string[]>> = {
  jobs: floors.slice(0, floors.indexOf('exporters') + 1),
  test: [...floors, 'jobs'],
}

/** Where a library comes in; everyone else in the program goes through that file. Types may be named anywhere. */
const doors: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  product: {
    // A builder per kind of panel: each of our files gives one kind its house style.
    '@grafana/grafana-foundation-sdk': [
      'dashboards/field.ts',
      'dashboards/model.ts',
      'dashboards/panel.ts',
      'dashboards/table.ts',
      'dashboards/unit.ts',
    ],
    '@aws-sdk/client-s3': ['jobs/backup/s3.ts'],
    '@fastify/otel': ['exporters/service/traces/opentelemetry.ts'],
    '@grafana/data': ['dashboards/preview/page/grafana.ts'],
    '@opentelemetry/api': ['exporters/service/traces/opentelemetry.ts'],
    '@opentelemetry/exporter-prometheus': ['exporters/service/traces/opentelemetry.ts'],
    '@opentelemetry/exporter-trace-otlp-proto': ['exporters/service/traces/opentelemetry.ts'],
    '@opentelemetry/instrumentation': ['exporters/service/traces/opentelemetry.ts'],
    '@opentelemetry/instrumentation-express': ['exporters/service/traces/opentelemetry.ts'],
    '@opentelemetry/instrumentation-http': ['exporters/service/traces/opentelemetry.ts'],
    '@opentelemetry/instrumentation-ioredis': ['exporters/service/traces/opentelemetry.ts'],
    '@opentelemetry/instrumentation-pg': ['exporters/service/traces/opentelemetry.ts'],
    '@opentelemetry/instrumentation-undici': ['exporters/service/traces/opentelemetry.ts'],
    '@opentelemetry/sdk-metrics': ['exporters/service/traces/opentelemetry.ts'],
    '@opentelemetry/sdk-node': ['exporters/service/traces/opentelemetry.ts'],
    '@prometheus-io/lezer-promql': ['compose/mimir/selected.ts'],
    '@sentry/node': ['exporters/service/errors/sentry.ts'],
    '@sentry/profiling-node': ['exporters/service/errors/sentry.ts'],
    'age-encryption': ['jobs/backup/decryption.ts', 'jobs/backup/encryption.ts'],
    'big.js': ['alerts/burn-rate.ts'],
    croner: ['exporters/jobs/schedule.ts'],
    esbuild: ['dashboards/preview/bundle.ts'],
    fastify: ['exporters/server.ts', 'exporters/incidents/server.ts', 'dashboards/preview/server.ts'],
    'fastify-plugin': ['exporters/service/http/fastify.ts'],
    'find-my-way': ['exporters/service/http/routes.ts'],
    ioredis: ['exporters/redis/session.ts', 'exporters/redis/source.ts'],
    leven: ['alerts/overrides.ts'],
    marked: ['compose/runbook-console.ts'],
    pg: ['exporters/postgres/connection.ts'],
    'playwright-core': ['compose/local/browser.ts'],
    'prom-client': ['exporters/registry.ts'],
    re2js: ['exporters/incidents/pattern.ts'],
    'sonic-boom': ['exporters/service/log/file.ts'],
    'tar-stream': ['jobs/backup/archive.ts', 'jobs/restore-test/archive.ts'],
    uplot: ['dashboards/preview/page/plot.ts'],
    winston: ['exporters/service/log/log.ts'],
    yaml: ['compose/yaml.ts'],
    // Shapes of input: the stack's environment, a service's, the options of a service, what Alertmanager tells, and what jobs leave.
    zod: [
      'config/env-shapes.ts',
      'config/env.ts',
      'config/service-variables.ts',
      'exporters/incidents/shapes.ts',
      'exporters/jobs/record.ts',
      'exporters/jobs/scheduler-note.ts',
      'exporters/service/options.ts',
      'jobs/backup/manifest.ts',
      'jobs/backup/notes.ts',
      'jobs/restart/state.ts',
      'jobs/security-audit/npm-report.ts',
      'jobs/security-update/packages.ts',
      'jobs/update/health.ts',
      'jobs/update/npm.ts',
      'jobs/update/state.ts',
    ],
  },
  demo: {
    // Three programs: the API, the payment provider it calls, and what receives the pages.
    fastify: ['demo/api.ts', 'demo/logging.ts', 'demo/pager.ts', 'demo/payments.ts'],
    ioredis: ['demo/cache.ts'],
    pg: ['demo/database.ts'],
  },
}

/** Who reads process.env, and why. */
const readers: Readonly<Record<string, string>> = {
  'config/env.ts': 'reads and checks it, for everyone',
  'compose/docker/call.ts': 'passes it on to docker',
  'compose/local/browser.ts': 'passes it on to the browser it starts',
  'compose/local/process.ts': 'passes it on to the servers it starts',
  'compose/local/run.ts': 'passes it on to the commands it runs, and searches PATH',
  'jobs/program.ts': 'passes it on to the programs it starts, and searches PATH',
  'dashboards/preview/bundle.ts': 'names it, for the browser, which has none',
}

/** A test is a table of cases, and may be longer than what it tests. */
const longest = { test: 500, elsewhere: 250 }

// Bracketed letters keep these lines from being found themselves.
const privateWords = [
  /\b(?:TO[D]O|FIX[M]E|XX[X])\b/,
  /\/(?:[h]ome|[r]oot|[U]sers|[w]ork|[w]orkspaces?)\/[\w.-]/,
  /\biss[u]e #?\d/i,
]
const emptyNames = /^export (?:const|class|function|interface|type) \w*(?:Manager|Helper|Util)s?\b/m

interface Source {
  readonly path: string
  readonly text: string
}
type Rule = (sources: readonly Source[]) => readonly string[]

// --- reading ----------------------------------------------------------------------------------------------------

const root = fileURLToPath(new URL('..', import.meta.url))
const notOurs = new Set(['node_modules', 'dist', 'coverage', 'secrets', 'generated'])
const hidden = new Set(['.ci', '.env.example', '.github', '.gitignore'])
const programs = /\.[cm]?[jt]sx?$/

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !notOurs.has(name) && (!name.startsWith('.') || hidden.has(name)))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? filesIn(path) : entry.isFile() ? [path] : []
    })

const pictures = /\.png$/
const everything: readonly Source[] = filesIn(root)
  .filter((path) => !pictures.test(path))
  .map((path) => ({
    path: relative(root, path),
    text: readFileSync(path, 'utf8'),
  }))

const floorOf = (path: string) => path.split('/')[0] ?? ''
const isProgram = ({ path }: Source) => programs.test(path) && path.includes('/')
const isProduct = (source: Source) => isProgram(source) && floorOf(source.path) !== 'test'

interface Import {
  readonly from: string
  readonly typeOnly: boolean
}
const statement =
  /^(?:import|export)\s+(?<type>type\s+)?(?<names>(?:[\w$]+\s*,\s*)?(?:\{[^}]*\}|\*(?:\s+as\s+\w+)?|[\w$]+))\s+from\s+['"](?<from>[^'"]+)['"]/gm
const others = /(?:^import|\bimport\(|\brequire\()\s*['"](?<from>[^'"]+)['"]/gm

const allTypes = (names: string) => {
  const listed = /^\{(.*)\}$/s.exec(names)?.[1]?.split(',') ?? ['a value']
  return listed.every((name) => /^(?:type\s|$)/.test(name.trim()))
}

const importsOf = ({ text }: Source): readonly Import[] => [
  ...[...text.matchAll(statement)].map(({ groups }) => ({
    from: groups?.from ?? '',
    typeOnly: groups?.type !== undefined || allTypes(groups?.names ?? ''),
  })),
  ...[...text.matchAll(others)].map(({ groups }) => ({ from: groups?.from ?? '', typeOnly: false })),
]

/** The files of ours that a file imports. */
const ownImportsOf = (source: Source) =>
  importsOf(source)
    .filter(({ from }) => from.startsWith('.'))
    .map(({ from }) => normalize(join(dirname(source.path), from)))

const packageOf = (from: string) =>
  from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/')

// --- the rules: each finds what breaks it -------------------------------------------------------------------------

const climbs: Rule = (sources) =>
  sources.filter(isProgram).flatMap((source) => {
    const floor = floorOf(source.path)
    const below = annexes[floor] ?? floors.slice(0, floors.indexOf(floor))
    const allowed = [...below, floor]
    return ownImportsOf(source)
      .filter((path) => !allowed.includes(floorOf(path)))
      .map((path) => `${source.path} imports ${path}`)
  })

const strangeFloors: Rule = (sources) =>
  sources
    .filter(isProgram)
    .filter(({ path }) => ![...floors, ...Object.keys(annexes)].includes(floorOf(path)))
    .map(({ path }) => `${path} stands on no floor`)

const cycles: Rule = (sources) => {
  const graph = new Map(sources.filter(isProgram).map((source) => [source.path, ownImportsOf(source)]))
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): readonly string[] => {
    if (trail.includes(path)) return [[...trail.slice(trail.indexOf(path)), path].join(' -> ')]
    if (done.has(path)) return []
    const found = (graph.get(path) ?? []).flatMap((next) => visit(next, [...trail, path]))
    done.add(path)
    return found
  }
  return [...graph.keys()].flatMap((path) => visit(path, []))
}

const doorFaults: Rule = (sources) => {
  const used = sources.filter(isProduct).flatMap((source) =>
    importsOf(source)
      .filter(({ from, typeOnly }) => !typeOnly && !from.startsWith('.') && !isBuiltin(from))
      .map(({ from }) => ({ path: source.path, library: packageOf(from) })),
  )
  const listed = Object.values(doors).flatMap((table) =>
    Object.entries(table).flatMap(([library, paths]) => paths.map((path) => ({ path, library }))),
  )
  const words = (entries: typeof used) => new Set(entries.map(({ path, library }) => `${path} imports ${library}`))
  const [real, known] = [words(used), words(listed)]
  return [
    ...[...real].filter((entry) => !known.has(entry)).map((entry) => `${entry} past its door`),
    ...[...known].filter((entry) => !real.has(entry)).map((entry) => `the table says that ${entry}`),
  ]
}

const environmentReaders: Rule = (sources) => {
  const reading = sources
    .filter(isProduct)
    .filter(({ text }) => /\bprocess\??\.env\b|\bprocess\[|\}\s*=\s*process\b|from 'node:process'/.test(text))
    .map(({ path }) => path)
  return [
    ...reading.filter((path) => !(path in readers)).map((path) => `${path} reads process.env`),
    ...Object.keys(readers).flatMap((path) =>
      reading.includes(path) ? [] : [`${path} reads no process.env any more`],
    ),
  ]
}

const each =
  (wrong: (source: Source) => boolean): Rule =>
  (sources) =>
    sources
      .filter(isProgram)
      .filter(wrong)
      .map(({ path }) => path)

const kebab = /^(?:[a-z0-9]+(?:-[a-z0-9]+)*\/)+[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?\.(?:ts|c?js)$/
const lengthOf = (text: string) => text.split('\n').length - 1

const rules: Readonly<Record<string, Rule>> = {
  'no import climbs': climbs,
  'every program stands on a floor of the house': strangeFloors,
  'no file imports itself by way of others': cycles,
  'every library comes in by its door': doorFaults,
  'only config/env.ts reads the environment': environmentReaders,
  'relative imports name the file with its ending': each((source) =>
    ownImportsOf(source).some((path) => extname(path) !== extname(source.path)),
  ),
  'files and folders are named in kebab-case': each(({ path }) => !kebab.test(path)),
  'no file is too long to be read at one go': each(
    ({ path, text }) => lengthOf(text) > (floorOf(path) === 'test' ? longest.test : longest.elsewhere),
  ),
  'nothing is exported by default': each(({ text }) => /^export default\b|^export \{[^}]*\bas default\b/m.test(text)),
  'no name says Manager, Helper or Util': each(({ text }) => emptyNames.test(text)),
  'no limit of time is lost to the garbage collection (exporters/time-limit.ts)': each(({ text }) =>
    /AbortSignal\.any\(\[[^\]]*AbortSignal\.timeout\(/.test(text),
  ),
  'nothing is said of machines and plans of ours': (sources) =>
    sources.filter(({ text }) => privateWords.some((word) => word.test(text))).map(({ path }) => path),
}

test.each(Object.entries(rules))('%s', (_rule, faultsIn) => {
  expect(faultsIn(everything)).toEqual([])
})

// One more file is enough to break a rule.
const breaches: readonly (readonly [rule: string, path: string, text: string, fault: string])[] = [
  ['no import climbs', 'config/x.ts', "import { up } from '../metrics/up.ts'", 'config/x.ts imports metrics/up.ts'],
  ['no import climbs', 'alerts/x.ts', "import type { X } from '../demo/y.ts'", 'alerts/x.ts imports demo/y.ts'],
  ['no import climbs', 'compose/x.ts', "import '../jobs/y.ts'", 'compose/x.ts imports jobs/y.ts'],
  ['no import climbs', 'demo/x.ts', "export * from '../test/y.ts'", 'demo/x.ts imports test/y.ts'],
  ['no import climbs', 'jobs/x.ts', "import {\n  x,\n} from '../alerts/y.ts'", 'jobs/x.ts imports alerts/y.ts'],
  ['every program stands on a floor of the house', 'lib/x.ts', '', 'lib/x.ts stands on no floor'],
  ['no file imports itself by way of others', 'demo/x.ts', "import type { X } from './x.ts'", 'demo/x.ts -> demo/x.ts'],
  ['every library comes in by its door', 'demo/x.ts', "import { z } from 'zod'", 'demo/x.ts imports zod past its door'],
  [
    'every library comes in by its door',
    'jobs/x.ts',
    "import pg, { type X } from 'pg'",
    'jobs/x.ts imports pg past its door',
  ],
  ['every library comes in by its door', 'demo/x.ts', "import 'tsx/esm'", 'demo/x.ts imports tsx past its door'],
  ['only config/env.ts reads the environment', 'jobs/x.ts', 'process.env.TZ', 'jobs/x.ts reads process.env'],
  ['relative imports name the file with its ending', 'demo/x.ts', "import { y } from './y'", 'demo/x.ts'],
  ['files and folders are named in kebab-case', 'demo/seedData.ts', '', 'demo/seedData.ts'],
  ['no file is too long to be read at one go', 'demo/x.ts', '\n'.repeat(251), 'demo/x.ts'],
  ['nothing is exported by default', 'demo/x.ts', 'export default 1', 'demo/x.ts'],
  ['no name says Manager, Helper or Util', 'demo/x.ts', 'export const dateUtils = 1', 'demo/x.ts'],
  [
    'no limit of time is lost to the garbage collection (exporters/time-limit.ts)',
    'demo/x.ts',
    'AbortSignal.any([signal, AbortSignal'.concat('.timeout(1)])'),
    'demo/x.ts',
  ],
  ['nothing is said of machines and plans of ours', 'docs/x.md', 'see /home,ann/x'.replace(',', '/'), 'docs/x.md'],
]

test.each(breaches)('%s: %s would be found', (rule, path, text, fault) => {
  expect(rules[rule]?.([...everything, { path, text }])).toContain(fault)
})
