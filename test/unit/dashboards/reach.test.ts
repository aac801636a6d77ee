import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { alertsOf, ruleFiles } from '../../../alerts/index.ts'
import { artefacts } from '../../../compose/artefacts.ts'
import { composeDeployment } from '../../../compose/deployment.ts'
import { linksOf } from '../../../compose/links.ts'
import { models } from '../../../dashboards/index.ts'
import { alertsUid, subjects } from '../../../dashboards/subjects.ts'
import { namesOf } from '../../../metrics/names.ts'

const link = z.object({ title: z.string(), type: z.string().optional(), url: z.string().optional() })
const panelShape = z.object({
  id: z.number(),
  type: z.string(),
  title: z.string().default(''),
  description: z.string().default(''),
  links: z.array(link).default([]),
  targets: z.array(z.object({ expr: z.string(), legendFormat: z.string().optional() })).default([]),
  fieldConfig: z
    .object({
      defaults: z.object({
        thresholds: z.object({ steps: z.array(z.object({ value: z.number().nullable() })) }).optional(),
        custom: z
          .object({
            thresholdsStyle: z.object({ mode: z.string() }).optional(),
            axisSoftMin: z.number().optional(),
            axisSoftMax: z.number().optional(),
          })
          .optional(),
      }),
    })
    .optional(),
})
const page = z.object({ uid: z.string(), links: z.array(link), panels: z.array(panelShape) })

const written = artefacts()
const pages = [...written]
  .filter(([path]) => path.startsWith('grafana/dashboards/'))
  .map(([, text]) => page.parse(JSON.parse(text)))
const pageAt = (uid: string) => {
  const found = pages.find((one) => one.uid === uid)
  if (!found) throw new Error(`there is no dashboard ${uid}`)
  return found
}

/** Where a link of an alert or a panel leads to, if that is a panel of ours. */
const panelAt = (url: string) => {
  const [, uid = '', id] = /\/d\/([\w-]+)\?viewPanel=(\d+)$/.exec(url) ?? []
  return pageAt(uid).panels.find((one) => String(one.id) === id)
}

const files = ruleFiles()
const told = namesOf(files).flatMap((subject) =>
  alertsOf(files[subject])
    .filter(({ runbook }) => runbook)
    .map((alert) => [alert.id, { alert, subject, links: linksOf(subject, composeDeployment)(alert) }] as const),
)

test('there are alerts to be reached, and what has no entry in the runbook tells nobody anything', () => {
  expect(told.length).toBeGreaterThan(200)
  const silent = namesOf(files).flatMap((subject) => alertsOf(files[subject]).filter(({ runbook }) => !runbook))
  expect([...new Set(silent.map(({ alert }) => alert))]).toEqual(['OutageAftermath', 'Watchdog'])
})

describe.each(told)('%s', (id, { alert, subject, links }) => {
  const panel = panelAt(links.panel_url ?? '')

  test('leads to the panel that has its name', () => {
    expect(panel).toMatchObject({ title: id, type: 'timeseries' })
    expect(links.panel_url).toContain(`/d/${alertsUid(subject)}?`)
  })

  test('leads from that panel back to its entry in the runbook', () => {
    const [back, ...others] = panel?.links ?? []
    expect(others).toEqual([])
    const [, anchor = ''] = /^http:\/\/127\.0\.0\.1:9090\/consoles\/runbook\.html#(\S+)$/.exec(back?.url ?? '') ?? []
    expect(back?.title).toBe('Runbook')
    expect(written.get('prometheus/consoles/runbook.html')).toContain(`<a id="${anchor}"></a>`)
    expect(anchor).toBe(id.replaceAll(' ', '-'))
  })

  test('has its limits drawn there, where the axis reaches them, and its threshold said', () => {
    const { thresholds, custom } = panel?.fieldConfig?.defaults ?? {}
    const limits = (thresholds?.steps ?? []).flatMap(({ value }) => value ?? [])
    const numbers = alert.comparisons.flatMap(({ bound }) => (typeof bound === 'number' ? [bound] : []))
    expect(limits).toEqual(expect.arrayContaining(numbers))
    if (numbers.length > 0) {
      expect(custom?.thresholdsStyle?.mode).toBe('dashed')
      expect(custom?.axisSoftMin).toBeLessThanOrEqual(Math.min(...numbers))
      expect(custom?.axisSoftMax).toBeGreaterThanOrEqual(Math.max(...numbers))
    }
    const lines = alert.comparisons.flatMap(({ bound }) => (typeof bound === 'string' ? [bound] : []))
    expect(panel?.targets.map(({ expr }) => expr)).toEqual(expect.arrayContaining(lines))
    if (alert.threshold) expect(panel?.description).toContain(`Its threshold is ${alert.threshold.is}.`)
  })
})

test('a threshold is the line that is drawn, but for those few that are part of a condition or of a line of their own', () => {
  const elsewhere = told.flatMap(([id, { alert }]) => {
    const isLine = alert.comparisons.some(({ bound }) => bound === alert.threshold?.value)
    return alert.threshold && !isLine ? [id] : []
  })
  expect(elsewhere).toEqual([
    'HttpTrafficGone',
    'HttpRouteSlow',
    'ReservationsStopped',
    'PaymentsStopped',
    'HostDiskFilling',
  ])
})

describe.each(namesOf(subjects))('the alerts about %s', (subject) => {
  const { on } = subjects[subject]
  const leads = (from: string) => pageAt(from).links.flatMap(({ type, url }) => (type === 'link' ? [url] : []))

  test.each(on)('are reached from the head of %s', (uid) => {
    expect(leads(uid)).toContain(`/d/${alertsUid(subject)}`)
  })

  test('lead back to the dashboard that answers what they ask', () => {
    expect(leads(alertsUid(subject))).toEqual([`/d/${on[0]}`])
  })

  test('are told of with that dashboard', () => {
    const some = told.filter(([, one]) => one.subject === subject)
    expect(some.length).toBeGreaterThan(0)
    for (const [, { links }] of some) expect(links.dashboard_url).toContain(`/d/${on[0]}`)
  })
})

test('every dashboard that answers questions leads to the alerts about them', () => {
  const reached = new Set(
    Object.values(subjects)
      .flatMap(({ on }) => on)
      .map(String),
  )
  const own = models.map(({ uid }) => uid).filter((uid) => !uid.startsWith('techplus-alerts-'))
  expect(own.filter((uid) => !reached.has(uid))).toEqual([])
})
