import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { artefacts } from '../../../compose/artefacts.ts'
import { sla } from '../../../config/sla.ts'
import { alertDashboards } from '../../../dashboards/alerts.ts'
import { colours, grounds } from '../../../dashboards/colour.ts'
import { type Dashboard, dashboard, row } from '../../../dashboards/dashboard.ts'
import { answering, distinct, models } from '../../../dashboards/index.ts'
import { text, timeseries } from '../../../dashboards/panel.ts'
import { postgresDashboards } from '../../../dashboards/postgres.ts'
import { query, series } from '../../../dashboards/query.ts'
import { detail, table } from '../../../dashboards/table.ts'
import { unitIds } from '../../../dashboards/unit.ts'
import { everyVariable, parts } from '../../../dashboards/variables.ts'
import { processRegistry } from '../../../exporters/registry.ts'
import { gauge } from '../../../metrics/metric.ts'
import { namesOf } from '../../../metrics/names.ts'
import { instant, max, vector } from '../../../metrics/promql.ts'
import { errorsIn, faultOf, filledIn, rangedIn, rateInterval, selectedBy } from '../../promql.ts'
import { recording } from '../../promtool/recorded/recording.ts'

interface Box {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

const panelsOf = ({ json }: Dashboard) => json.panels ?? []
const boxOf = ({ gridPos }: { readonly gridPos?: Box }) => gridPos ?? { x: 0, y: 0, w: 0, h: 0 }
const overlap = (a: Box, b: Box) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h

const queries = models.flatMap(({ uid, asked }) =>
  asked.map(({ panel, refId, expr }) => [`${uid}: ${panel} (${refId})`, filledIn(expr)] as const),
)

describe.each(queries)('%s', (_name, promql) => {
  test('is PromQL', () => {
    expect(errorsIn(promql)).toEqual([])
  })

  test('asks only for metrics, labels and buckets that are exported or recorded', () => {
    expect(selectedBy(promql).flatMap((one) => faultOf(one) ?? [])).toEqual([])
  })
})

/** Grafana's number for it. */
const hidden = 2
const allTogether = new Set([
  'techplus-overview',
  'techplus-on-call',
  'techplus-sla',
  'techplus-jobs',
  'techplus-security',
  'techplus-stack',
  ...alertDashboards.map(({ uid }) => uid),
])

describe.each(models.map((model) => [model.uid, model] as const))('%s', (uid, model) => {
  const panels = panelsOf(model)

  test('has no two panels over each other, and none past the edge', () => {
    const boxes = panels.map(boxOf)
    expect(boxes.filter(({ x, w, h }) => x + w > 24 || w < 1 || h < 1)).toEqual([])
    expect(boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => overlap(a, b)))).toEqual([])
  })

  test('has a number of its own for every panel, and a letter for every query of one', () => {
    const ids = panels.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.every((id) => Number.isInteger(id) && Number(id) > 0)).toBe(true)
    for (const panel of panels) {
      const letters = ('targets' in panel ? (panel.targets ?? []) : []).map((target) => Reflect.get(target, 'refId'))
      expect(letters).toEqual([...'ABCDEFGHIJKLMNOP'].slice(0, letters.length))
    }
  })

  test('says of every panel what it shows, and what it means when there is nothing to show', () => {
    const drawn = panels.filter(({ type }) => type !== 'row' && type !== 'text')
    for (const panel of drawn) {
      if (!('description' in panel)) throw new Error(`${panel.title} has no description`)
      expect(panel.description).toMatch(/^.{20,}[.!]$/s)
      expect(panel.fieldConfig?.defaults.noValue).toMatch(/\w/)
      expect(panel.datasource).toEqual({ type: 'prometheus', uid: `\${datasource}` })
    }
  })

  test('asks about the chosen target only, in every query', () => {
    if (allTogether.has(uid)) return
    const unchosen = model.asked.flatMap(({ expr }) =>
      selectedBy(filledIn(expr)).filter(
        ({ matchers }) =>
          !matchers.some(
            ({ label, operator, value }) => label === 'instance' && /^=~?$/.test(operator) && /^\$\w+$/.test(value),
          ),
      ),
    )
    expect(unchosen).toEqual([])
  })

  test('uses each of its choices, and offers each that it uses', () => {
    const offered = (model.json.templating?.list ?? []).filter(({ hide }) => hide !== hidden)
    const text = JSON.stringify([model.asked, offered])
    const used = new Set([...text.matchAll(/\\"\$([a-z]\w*)\\"/g)].map(([, name]) => name))
    expect([...used, 'datasource'].sort()).toEqual(offered.map(({ name }) => name).sort())
  })

  test('has every choice of a target there is, if hidden, so that one made elsewhere is still made on the way back', () => {
    const names = (model.json.templating?.list ?? []).map(({ name }) => name)
    const whole = names.filter((name) => !parts.some((part) => part.name === name))
    expect(whole.sort()).toEqual(['datasource', ...everyVariable.map(({ name }) => name)].sort())
  })

  test('leads to the others, in the same range of time and with the same choices', () => {
    const [all, ...others] = model.json.links ?? []
    expect(all).toMatchObject({ type: 'dashboards', tags: ['techplus'] })
    for (const other of others) expect(other.type).toBe('link')
    for (const link of [all, ...others]) {
      expect(link).toMatchObject({ keepTime: true, includeVars: true })
      expect(link).not.toHaveProperty('placement')
    }
    expect(model.json.tags).toEqual([alertDashboards.includes(model) ? 'techplus-aside' : 'techplus'])
    const aims = [...JSON.stringify(model.json).matchAll(/\/d\/([\w-]+)/g)].map(([, aim]) => aim)
    expect(aims.filter((aim) => !models.some((other) => other.uid === aim))).toEqual([])
  })

  test('marks on its charts what happened, in a colour that says what it means', () => {
    const marks = model.json.annotations?.list ?? []
    expect(
      marks.map(({ name, iconColor, useValueForTime, enable }) => [name, iconColor, useValueForTime, enable]),
    ).toEqual([
      ['Deployment', 'blue', true, true],
      ['Start', colours.notice, true, true],
      ['Backup', colours.good, true, true],
      ['Alert', colours.bad, false, true],
    ])
    for (const { expr = '', titleFormat = '', textFormat = '', tagKeys = '' } of marks) {
      expect(errorsIn(expr)).toEqual([])
      expect(selectedBy(expr).flatMap((one) => faultOf(one) ?? [])).toEqual([])
      expect(titleFormat).not.toBe('')
      // Grafana writes the name of a label that is not there: the text names what every series has.
      const kept = (/by \(([^)]*)\)/.exec(expr)?.[1] ?? '').split(', ')
      const named = [...textFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label)
      expect(named.length).toBeGreaterThan(0)
      expect(kept).toEqual(expect.arrayContaining([...named, ...tagKeys.split(',').filter((tag) => tag !== '')]))
    }
  })

  test('cannot be edited by hand, and asks no faster than Prometheus scrapes', () => {
    expect(model.json).toMatchObject({ editable: false, refresh: '15s' })
  })
})

test('of alerts only those are marked that somebody had to look at soon', () => {
  const [first] = models
  const urgent = first?.json.annotations?.list?.find(({ name }) => name === 'Alert')?.expr ?? ''
  expect(selectedBy(urgent).map(({ matchers }) => matchers.map((one) => Object.values(one).join('')))).toEqual([
    ['alertstate=firing', 'severity=~critical|high'],
  ])
})

test('a start is marked of what users wait for, and of no program of the stack', () => {
  const [first] = models
  const started = first?.json.annotations?.list?.find(({ name }) => name === 'Start')?.expr ?? ''
  expect(selectedBy(started).map(({ name, matchers }) => [name, ...matchers.map(({ value }) => value)])).toEqual([
    ['process_start_time_seconds', 'api'],
    ['pg_postmaster_start_time_seconds'],
    ['redis_start_time_seconds'],
  ])
})

test('no sum of what is too small to be shown by itself is taken for one thing, or for a counter: it may fall', () => {
  const remainders: readonly (readonly [family: RegExp, matcher: string])[] = [
    [/^pg_stat_statements_(?!all_|query_info|tracked)/, 'queryid!=other'],
    [/^pg_(?:stat_user_tables|table|index)_/, 'schemaname!='],
  ]
  const asked = queries.flatMap(([name, promql]) => selectedBy(promql).map((one) => ({ panel: name, ...one })))
  const affected = asked.flatMap((one) => {
    const [, matcher] = remainders.find(([family]) => family.test(one.name)) ?? []
    return matcher === undefined ? [] : [{ ...one, matcher }]
  })
  expect(affected.length).toBeGreaterThan(10)
  const unguarded = affected.filter(
    ({ matchers, matcher }) =>
      !matchers.some(({ label, operator, value }) => `${label}${operator}${value}` === matcher),
  )
  expect(unguarded.map(({ panel }) => panel)).toEqual([])
})

test('what several jobs serve is asked of one of them, but where every target is meant', () => {
  const served = Object.values(recording).flatMap(Object.keys)
  const shared = new Set([
    ...served.filter((name, place) => served.indexOf(name) < place),
    ...processRegistry()
      .getMetricsAsArray()
      .flatMap(({ name }) => [name, `${name}_count`, `${name}_sum`, `${name}_bucket`]),
  ])
  const asked = answering.flatMap(({ uid, asked }) =>
    asked.flatMap(({ panel, expr }) =>
      selectedBy(filledIn(expr)).map((one) => ({ panel: `${uid}: ${panel}`, ...one })),
    ),
  )
  const ofShared = asked.filter(({ name }) => shared.has(name))
  expect(ofShared.length).toBeGreaterThan(20)
  const ofAll = ofShared.filter(({ matchers }) => !matchers.some(({ label }) => label === 'job'))
  expect([...new Set(ofAll.map(({ panel }) => panel))]).toEqual([
    'techplus-overview: Targets not scraped',
    'techplus-stack: Targets',
    'techplus-stack: Time of a scrape',
    'techplus-stack: Scrapes that failed',
    'techplus-stack: On the way to Alertmanager',
  ])
})

test('a health check of several processes is well where it is of each', () => {
  const needs = queries.find(([name]) => name.startsWith('techplus-runtime: What it needs'))?.[1]
  expect(needs).toMatch(/^min by \(check\) /)
})

test('what several databases may each have is told with its database', () => {
  const within = /^(?:schemaname|relname|indexrelname|sequencename|usename)$/
  const told = postgresDashboards.flatMap(({ asked }) =>
    asked.flatMap(({ panel, expr }) =>
      [...expr.matchAll(/ by \(([^)]*)\)/g)].map(([, by = '']) => ({ panel, by: by.split(', ') })),
    ),
  )
  const affected = told.filter(({ by }) => by.some((label) => within.test(label)))
  expect(affected.length).toBeGreaterThan(10)
  // Who vacuums tells of the name of a table alone.
  const alone = affected.filter(({ by }) => !by.includes('datname')).map(({ panel }) => panel)
  expect(alone).toEqual(['Autovacuum of a table'])
})

test('a line has the name of its series, with every label that tells one series from another', () => {
  const unnamed = answering.flatMap((model) =>
    panelsOf(model).flatMap((panel) =>
      panel.type !== 'timeseries' || !('targets' in panel)
        ? []
        : (panel.targets ?? []).flatMap((target) => {
            const [expr, legend] = ['expr', 'legendFormat'].map((key) => String(Reflect.get(target, key)))
            const by =
              /^(?:topk\(\d+, )?(?:sum|max|min|avg|count) by \(([^)]*)\)/.exec(expr ?? '')?.[1]?.split(', ') ?? []
            // What is asked for is of one job.
            return by.every((label) => label === 'job' || legend?.includes(`{{${label}}}`))
              ? []
              : [`${model.uid}: ${panel.title}: ${expr}`]
          }),
    ),
  )
  expect(unnamed).toEqual([])
})

test('the overview tells of every promise how much of its error budget is left, by a name of its own', () => {
  const overview = answering.find(({ uid }) => uid === 'techplus-overview')
  const asked = (overview?.asked ?? []).filter(({ panel }) => panel === 'Error budget left')
  expect(asked.map(({ expr }) => /slo="(\w+)"/.exec(expr)?.[1]?.replaceAll('_', ''))).toEqual(
    namesOf(sla).map((name) => name.toLowerCase()),
  )
  const titles = Object.values(sla).map(({ title }) => title)
  expect(new Set(titles).size).toBe(titles.length)
})

test('alerts that nobody answered come first, the one with the least time on top', () => {
  const oncall = answering.find(({ uid }) => uid === 'techplus-on-call')
  const alerts = oncall?.json.panels?.find(({ title }) => title === 'Alerts, and who answered')
  expect(alerts).toMatchObject({
    options: {
      sortBy: [
        { displayName: 'Answer', desc: false },
        { displayName: 'Time left', desc: false },
      ],
    },
  })
})

test('the largest of many are chosen for the whole range that is shown, and not anew at each of its moments', () => {
  const chosen = models.flatMap(({ uid, asked }) =>
    asked.flatMap(({ panel, expr }) => (expr.includes('topk(') ? [{ panel: `${uid}: ${panel}`, expr }] : [])),
  )
  expect(chosen.length).toBeGreaterThan(5)
  const anew = chosen.filter(
    ({ expr }) => !/^.+ and topk\(\d+, sum_over_time\(.+\[\$__range:.+\] @ end\(\)\)\)$/.test(expr),
  )
  expect(anew).toEqual([])
})

test('no event is counted at several moments: increases are told of a whole range, or of one that does not change', () => {
  const repeated = queries.filter(([, promql]) =>
    rangedIn(promql).some(({ by, range }) => by === 'increase' && range === rateInterval),
  )
  expect(repeated.map(([name]) => name)).toEqual([])
})

test('no panel promises a way from a request to its trace that no data source has', () => {
  const sources = [...artefacts()].filter(([path]) => path.startsWith('grafana/provisioning/datasources/'))
  expect(sources.length).toBeGreaterThan(0)
  expect(JSON.stringify(sources)).not.toContain('exemplarTraceIdDestinations')
  const withDots = models.flatMap(panelsOf).filter((panel) => JSON.stringify(panel).includes('"exemplar":true'))
  const told = withDots.map((panel) => ('description' in panel ? panel.description : ''))
  expect(told).toEqual([expect.stringContaining('the id of its trace')])
})

test('zero stands in for no answer only where Prometheus itself answered that there is none', () => {
  const zeros = models.flatMap(({ uid, asked }) =>
    asked.filter(({ expr }) => expr.includes('vector(0)')).map(({ panel }) => `${uid}: ${panel}`),
  )
  expect([...new Set(zeros)]).toEqual([
    'techplus-overview: Targets not scraped',
    'techplus-overview: Alerts firing, by severity',
    'techplus-on-call: Reminders and escalations',
  ])
})

describe('a table whose columns say more of some rows', () => {
  const size = gauge({ name: 'demo_size_bytes', help: 'x', labels: ['table', 'page', 'by'] })
  const made = dashboard({
    uid: 'techplus-x',
    title: 'X',
    description: 'x',
    rows: [
      row('Which?', [
        table({
          title: 'Sizes',
          description: 'x',
          rows: { table: 'Table' },
          columns: [
            {
              title: 'Size',
              expr: max(instant(size), ['table']),
              unit: 'bytes',
              base: 'bad',
              steps: [{ from: 1, is: 'good' }],
            },
            detail(
              { page: { title: 'Shown on', leadsTo: { 'techplus-y': 'The page' } }, by: 'By' },
              {
                title: 'State',
                expr: max(instant(size), ['table', 'page', 'by']),
                unit: 'plain',
                names: { 0: { text: 'LATE', is: 'bad' } },
              },
            ),
          ],
          sortBy: 'By',
        }),
      ]),
    ],
  })
  const drawn = JSON.stringify(made.json)

  test('names and places them before the value of their query', () => {
    expect(drawn).toContain('"indexByName":{"table":0,"Value #A":1,"page":2,"by":3,"Value #B":4}')
    expect(drawn).toContain('"by":"By","Value #B":"State"')
  })

  test('leads from an address to the dashboard, in the same range of time', () => {
    expect(drawn).toContain(`/d/\${__value.raw}?\${__url_time_range}`)
    expect(drawn).toContain('"techplus-y":{"text":"The page","index":0}')
  })

  test('colours by the base and by names', () => {
    const { bad, good } = grounds
    expect(drawn).toContain(`"steps":[{"value":null,"color":"${bad}"},{"value":1,"color":"${good}"}]`)
    expect(drawn).toContain(`"0":{"text":"LATE","color":"${bad}","index":0}`)
  })
})

// It names what a browser has, and Node 20 lacks, as soon as it is loaded.
if (!('navigator' in globalThis)) Object.assign(globalThis, { navigator: { languages: ['en-US'], language: 'en-US' } })
const grafana = createRequire(import.meta.url)('@grafana/data')

test('this month is that of the calendar, whatever range is chosen, by a period that Grafana knows', () => {
  const own = models.flatMap(panelsOf).filter(({ title = '' }) => title.endsWith('this month'))
  expect(own).toMatchObject([{ timeFrom: 'now/M' }])
  expect(grafana.rangeUtil.describeTextRange('now/M')).toMatchObject({ from: 'now/M', to: 'now' })
  expect(grafana.rangeUtil.isValidTimeSpan('now/M')).toBe(true)
})

describe('units', () => {
  const known: readonly { readonly submenu: readonly { readonly value: string }[] }[] = grafana.getValueFormats()
  const ids = new Set(known.flatMap(({ submenu }) => submenu.map(({ value }) => value)))

  test.each(Object.entries(unitIds))('%s is known to Grafana', (_unit, id) => {
    expect(ids).toContain(id)
  })
})

describe('what is refused when dashboards are generated', () => {
  const size = gauge({ name: 'demo_size_bytes', help: 'x', labels: ['table'] })
  const chart = (title: string, width = 12) =>
    timeseries({ title, description: 'x', unit: 'bytes', width, queries: [series(vector(1), 'one')] })
  const page = (rows: Parameters<typeof dashboard>[0]['rows']) =>
    dashboard({ uid: 'techplus-x', title: 'X', description: 'x', rows })

  test.each<readonly [what: string, fault: RegExp, make: () => unknown]>([
    [
      'two dashboards with one address',
      /two dashboards have the uid techplus-x: change one of them/,
      () => distinct([page([]), { ...page([]), title: 'Y' }]),
    ],
    [
      'two dashboards with one title',
      /two dashboards have the title X: change one of them/,
      () => distinct([page([]), { ...page([]), uid: 'techplus-y' }]),
    ],
    [
      'two panels of one title in one row',
      /techplus-x: "Which\? \/ Size" and "Which\? \/ Size" get the same panel id: change the title of one/,
      () => page([row('Which?', [chart('Size'), chart('Size')])]),
    ],
    [
      'a panel wider than the page',
      /techplus-x: "Size" is 25 columns wide, of 24/,
      () => page([row('Which?', [chart('Size', 25)])]),
    ],
    [
      'a bound that no series is',
      /Size: limit bounds nothing: its series are used/,
      () =>
        timeseries({
          title: 'Size',
          description: 'x',
          unit: 'bytes',
          queries: [series(vector(1), 'used')],
          bounds: ['limit'],
        }),
    ],
    [
      'a panel that asks nothing',
      /Size: asks nothing: give it a query/,
      () => page([row('Which?', [timeseries({ title: 'Size', description: 'x', unit: 'bytes', queries: [] })])]),
    ],
    [
      'a table sorted by a column it does not have',
      /Sizes: sorted by size, but its columns are Table, Size/,
      () =>
        table({
          title: 'Sizes',
          description: 'x',
          rows: { table: 'Table' },
          columns: [{ title: 'Size', expr: max(instant(size), ['table']), unit: 'bytes' }],
          sortBy: 'size',
        }),
    ],
  ])('%s', (_what, fault, make) => {
    expect(make).toThrow(fault)
  })

  test('a panel keeps its number when others come before it', () => {
    const idOf = (made: Dashboard, title: string) => panelsOf(made).find((panel) => panel.title === title)?.id
    const before = page([row('Which?', [chart('Size')])])
    const after = page([row('Whose?', [chart('Owner')]), row('Which?', [chart('Count'), chart('Size')])])
    expect(idOf(after, 'Size')).toBe(idOf(before, 'Size'))
  })

  test('words need no query, and a query tells why it may find nothing', () => {
    const made = page([row('Which?', [text({ title: 'Words', content: '*x*' })])])
    expect(made.asked).toEqual([])
    expect(query(vector(1), 'nothing is wrong')).toEqual({
      expr: 'vector(1)',
      legend: '',
      emptyWhen: 'nothing is wrong',
    })
  })
})
