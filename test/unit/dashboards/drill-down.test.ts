import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { models } from '../../../dashboards/index.ts'

const link = z.object({ title: z.string(), url: z.string() })
const property = z.object({ id: z.string(), value: z.unknown() })
const panelShape = z.object({
  id: z.number(),
  type: z.string(),
  title: z.string().default(''),
  fieldConfig: z
    .object({
      defaults: z.object({ links: z.array(link).default([]) }),
      overrides: z
        .array(z.object({ matcher: z.object({ options: z.unknown() }), properties: z.array(property) }))
        .default([]),
    })
    .optional(),
  transformations: z.array(z.object({ id: z.string(), options: z.unknown() })).default([]),
})
const page = z.object({
  uid: z.string(),
  templating: z.object({ list: z.array(z.object({ name: z.string() })) }),
  panels: z.array(panelShape),
})
type Panel = z.infer<typeof panelShape>

const pages = models.map(({ json }) => page.parse(JSON.parse(JSON.stringify(json))))
const choicesOf = (uid: string) => pages.find((one) => one.uid === uid)?.templating.list.map(({ name }) => name) ?? []

const organised = z.object({ renameByName: z.record(z.string(), z.string()) })
/** The labels of a table, which its links quote. */
const labelsOf = ({ transformations }: Panel) =>
  transformations
    .filter(({ id }) => id === 'organize')
    .flatMap(({ options }) => Object.keys(organised.parse(options).renameByName))
    .filter((name) => !name.startsWith('Value'))

const mappings = z.array(z.object({ options: z.record(z.string(), z.unknown()) }))
/** Each link, and the addresses that the value has which it begins with. */
const linksOf = ({ fieldConfig }: Panel) => [
  ...(fieldConfig?.defaults.links ?? []).map(({ url }) => ({ url, values: [] as readonly string[] })),
  ...(fieldConfig?.overrides ?? []).flatMap(({ properties }) => {
    const of = (id: string) => properties.find((one) => one.id === id)?.value ?? []
    const values = mappings.parse(of('mappings')).flatMap(({ options }) => Object.keys(options))
    return z
      .array(link)
      .parse(of('links'))
      .map(({ url }) => ({ url, values }))
  }),
]

const drawn = pages.flatMap(({ uid, panels }) =>
  panels.map((panel) => ({ uid, panel, name: `${uid}: ${panel.title}` })),
)

/** Nothing says more of their rows than they do, or what is beside them. */
const noFurther: Readonly<Record<string, string>> = {
  'techplus-on-call: Incidents by team, in this range': 'The table beside it names the alerts of each team.',
  'techplus-postgres-maintenance: Replication slots': 'What each of them keeps is drawn in the chart beside it.',
  'techplus-jobs: What a recovery would take, and cost': 'The time of each kind is drawn in the chart below it.',
  'techplus-jobs: The last cleanup': 'What each kind had removed is drawn in the chart beside it.',
  'techplus-jobs: Deployments': 'Each is marked on every chart there is, at its moment.',
}

describe('a row of a table', () => {
  const tables = drawn.filter(({ panel }) => panel.type === 'table')

  test('leads further, or there is a reason why it does not', () => {
    expect(tables.length).toBeGreaterThan(20)
    const ending = tables.filter(({ panel }) => linksOf(panel).length === 0).map(({ name }) => name)
    expect(ending.toSorted()).toEqual(Object.keys(noFurther).toSorted())
    for (const reason of Object.values(noFurther)) expect(reason).toMatch(/^.{20,}\.$/)
  })

  test.each([
    ['techplus-http: Routes', '/d/techplus-http?', `var-route=\${__data.fields.route:percentencode}`],
    ['techplus-postgres-queries: Statements by total time', '/d/techplus-postgres-queries?', 'var-statement='],
    ['techplus-postgres-maintenance: Who holds up others', '/d/techplus-postgres-queries?', 'var-statement='],
    ['techplus-postgres-maintenance: At work now', '/d/techplus-postgres-tables?', 'var-relation='],
    ['techplus-redis: Commands', '/d/techplus-redis?', 'var-command='],
    ['techplus-jobs: Jobs, and their last runs', '/d/techplus-jobs?', 'var-maintenance_job='],
  ])('%s leads to what it is about', (name, address, choice) => {
    const urls = tables.filter((one) => one.name === name).flatMap(({ panel }) => linksOf(panel).map(({ url }) => url))
    expect(urls.filter((url) => url.startsWith(address) && url.includes(choice))).not.toEqual([])
  })
})

const links = drawn.flatMap(({ uid, panel, name }) => linksOf(panel).map((one) => ({ uid, panel, name, ...one })))

describe.each(links.map((one) => [`${one.name} leads to ${one.url.replace(/\?.*/s, '')}`, one] as const))(
  '%s',
  (_name, { uid, panel, url, values }) => {
    const [, aim = '', query = ''] = /^\/d\/([^?]+)\?(.*)$/s.exec(url) ?? []
    const aims = aim === `\${__value.raw}` ? values : [aim]
    const parts = query.split('&')
    const made = parts.flatMap((part) => /^var-(\w+)=/.exec(part)?.[1] ?? [])
    const kept = parts.flatMap((part) => /^\$\{(\w+):queryparam\}$/.exec(part)?.[1] ?? [])

    test('which there is, with the panel that is shown alone', () => {
      expect(aims).not.toEqual([])
      const [number] = parts.flatMap((part) => /^viewPanel=(\d+)$/.exec(part)?.[1] ?? [])
      for (const one of aims) {
        const found = pages.find((other) => other.uid === one)
        expect(found?.uid).toBe(one)
        if (number !== undefined) expect(found?.panels.map(({ id }) => String(id))).toContain(number)
      }
    })

    test('in the same range of time, with every choice that both have, each once', () => {
      expect(parts).toContain(`\${__url_time_range}`)
      expect([...made, ...kept].toSorted()).toEqual([...new Set([...made, ...choicesOf(uid)])].toSorted())
      for (const one of aims) expect(choicesOf(one)).toEqual(expect.arrayContaining([...made, 'datasource']))
    })

    test('by what its row says', () => {
      const quoted = [...url.matchAll(/__data\.fields\.(\w+)/g)].map(([, label]) => label)
      expect(labelsOf(panel)).toEqual(expect.arrayContaining(quoted))
      if (panel.type === 'table') expect(quoted.length).toBe(made.length)
    })
  },
)
