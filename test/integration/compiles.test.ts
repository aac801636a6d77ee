import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { alertDashboards } from '../../dashboards/alerts.ts'
import { answering } from '../../dashboards/index.ts'
import { alertsUid } from '../../dashboards/subjects.ts'
import { checkout } from './compiler.ts'

const floors = ['config', 'metrics', 'exporters', 'alerts', 'dashboards'] as const
const copy = checkout(...floors)
afterAll(() => copy.end())

const read = (path: string) => readFileSync(join(copy.folder, path), 'utf8')
const write = (path: string, text: string) => writeFileSync(join(copy.folder, path), text)

/** What does not compile while these files are changed. */
const faultsWith = async (changes: Readonly<Record<string, (text: string) => string>>) => {
  const before = Object.keys(changes).map((path) => [path, read(path)] as const)
  for (const [path, text] of before) {
    const changed = changes[path]?.(text) ?? text
    if (changed === text) throw new Error(`nothing was changed in ${path}`)
    write(path, changed)
  }
  try {
    return await copy.faults()
  } finally {
    for (const [path, text] of before) write(path, text)
  }
}

const once = <T>(make: () => Promise<T>) => {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

const filesOf = (floor: string) =>
  readdirSync(join(copy.folder, floor), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${floor}/${path}`)

// Vitals are a table of metrics.
const definition = /^export const (?:(\w+) = (?:counter|gauge|histogram)\(|(\w+Vitals) = \{)/gm
const collectors = [...filesOf('exporters'), ...filesOf('metrics/foreign')].flatMap((path) => {
  const metrics = [...read(path).matchAll(definition)].map(([, metric, vitals]) => metric ?? vitals ?? '')
  return metrics.length > 0 ? [{ path, metrics }] : []
})
const users = [...filesOf('alerts'), ...filesOf('dashboards')].map((path) => ({ path, text: read(path) }))
/** Every use outside its collector: the file, and the metric by its name in the code. */
const usesOf = (collector: string, metrics: readonly string[]) =>
  users.flatMap(({ path, text }) => {
    const from = collector.replace(/^metrics\/foreign\/.*/, 'metrics/foreign.ts')
    const imported = new RegExp(`import \\{([^}]*)\\} from '(?:\\.\\./)+${from}'`).exec(text)?.[1] ?? ''
    return metrics.filter((name) => new RegExp(`\\b${name}\\b`).test(imported)).map((name) => `${path} uses ${name}`)
  })

describe('a metric that is renamed where it is measured', { timeout: 300_000 }, () => {
  test('compiles as long as it is not', async () => {
    expect(await copy.faults()).toEqual([])
  })

  const used = collectors.filter(({ path, metrics }) => usesOf(path, metrics).length > 0)

  test('is used by rules and panels, from many collectors', () => {
    expect(used.length).toBeGreaterThan(10)
  })

  // All at once: none of them stands in for another.
  const found = once(async () => {
    const renamed = used.map(({ path, metrics }) => {
      const all = new RegExp(`\\b(${metrics.join('|')})\\b`, 'g')
      return [path, (text: string) => text.replace(all, '$1Renamed')] as const
    })
    const faults = await faultsWith(Object.fromEntries(renamed))
    return new Set(
      faults.flatMap(({ file, message }) => {
        const name = /no exported member(?: named)? '(\w+)'/.exec(message)?.[1]
        return name ? [`${file} uses ${name}`] : []
      }),
    )
  })

  test.each(used.map(({ path, metrics }) => [path, metrics] as const))(
    'compiles in no rule and no panel that used it: %s',
    async (path, metrics) => {
      const seen = await found()
      expect(usesOf(path, metrics).filter((use) => !seen.has(use))).toEqual([])
    },
  )

  test.each([
    [
      'exporters/service/http/metrics.ts',
      "'status_code'",
      "'status'",
      ['alerts/slo.ts', 'dashboards/http.ts', 'dashboards/overview.ts'],
    ],
    [
      'exporters/postgres/indexes.ts',
      "'indexrelname', ",
      '',
      ['alerts/postgres/indexes.ts', 'dashboards/postgres-relations.ts'],
    ],
    [
      'exporters/postgres/activity.ts',
      "'backend_type',",
      '',
      ['alerts/postgres/connections.ts', 'dashboards/postgres.ts'],
    ],
  ])('with the label of %s that is %s, every legend and matcher that named it', async (path, label, other, victims) => {
    const faults = await faultsWith({ [path]: (text) => text.replace(label, other) })
    expect([...new Set(faults.map(({ file }) => file))]).toEqual(expect.arrayContaining(victims))
  })
})

describe('a generated dashboard', { timeout: 120_000 }, () => {
  // What is written to a file holds the values of enumerations, not their members. The query of an annotation is its data
  // source's, of which the schema of dashboards knows nothing.
  const preface = `import type { Dashboard } from '@grafana/schema'
type Annotation = NonNullable<NonNullable<Dashboard['annotations']>['list']>[number]
interface Asked { expr: string; titleFormat: string; textFormat: string; useValueForTime: boolean; tagKeys?: string }
type Model = Omit<Dashboard, 'annotations'> & { annotations?: { list?: (Annotation & Asked)[] } }
type Plain<T> = T extends string ? (string extends T ? string : \`\${T}\`) : T extends object ? { [K in keyof T]: Plain<T[K]> } : T
`
  const literal = (json: string) => `${preface}export const dashboard = ${json} satisfies Plain<Model>\n`
  const compile = (name: string, json: string) => {
    write(`made/${name}.ts`, literal(json))
    return copy.faults(
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      `made/${name}.ts`,
    )
  }

  const compiled = [...answering, ...alertDashboards.filter(({ uid }) => uid === alertsUid('redis'))]
  test.each(compiled.map(({ uid, json }) => [uid, json] as const))(
    "%s satisfies Grafana's own schema",
    async (uid, json) => {
      expect(await compile(uid, JSON.stringify(json, null, 2))).toEqual([])
    },
  )

  test.each<readonly [what: string, broken: object, message: RegExp]>([
    ['a field it does not know', { panelz: [] }, /'"panelz"' does not exist/],
    ['a value it does not know', { graphTooltip: 'yes' }, /is not assignable/],
    ['a version that is no number', { schemaVersion: '42' }, /is not assignable to type 'number'/],
  ])('is refused with %s', async (what, broken, message) => {
    const [model] = answering
    const faults = await compile(`broken-${what.replaceAll(' ', '-')}`, JSON.stringify({ ...model?.json, ...broken }))
    expect(faults.map((fault) => fault.message).join('\n')).toMatch(message)
  })
})
