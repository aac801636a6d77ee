import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { alertDashboards } from '../../../dashboards/alerts.ts'

const drawn = z.object({
  title: z.string(),
  fieldConfig: z.object({
    defaults: z.object({ unit: z.string() }),
    overrides: z.array(z.object({ matcher: z.object({ id: z.string(), options: z.unknown() }) })).default([]),
  }),
  interval: z.string(),
  targets: z.array(z.object({ refId: z.string(), expr: z.string(), legendFormat: z.string() })),
})
const panels = alertDashboards
  .flatMap(({ json }) => json.panels ?? [])
  .filter(({ type }) => type === 'timeseries')
  .map((panel) => drawn.parse(panel))
const panelOf = (id: string) => {
  const found = panels.find(({ title }) => title === id)
  if (!found) throw new Error(`no panel shows ${id}`)
  return found
}

describe('the panel of an alert', () => {
  test.each([
    ['HostDiskFilling', 'bytes', 'whose threshold is a time, and whose value is what is left'],
    ['PostgresRestarted', 'none', 'which counts changes of a time'],
    ['ApiReachableBudgetExhausted', 'percentunit', 'by the name of what is recorded'],
    ['CertificateExpired', 's', 'as it says itself'],
    ['PostgresReplicationLag', 's', 'by its threshold'],
    ['PostgresQueryFillsDisk', 'bytes', 'by its threshold'],
  ])('of %s is drawn in %s: %s', (id, unit) => {
    expect(panelOf(id).fieldConfig.defaults.unit).toBe(unit)
  })

  test.each([
    ['ApiDown', '1m', 'which looks at what is now'],
    ['HttpRouteSlow', '5m', 'whose line looks back for a day'],
    ['RedisKeysWithoutExpiry', '1m', 'which looks back for six hours'],
    ['SecurityUpdatesPending', '30m', 'which looks back for a week'],
    ['ReservationsRejected', '15m', 'which looks back for a week, and fires after a quarter of an hour'],
    ['CertificateExpired', '1m', 'which looks back for a day, and fires after a minute'],
  ])('of %s has a point each %s: an alert %s', (id, interval) => {
    expect(panelOf(id).interval).toBe(interval)
  })

  test('shows the fault, and not a condition that holds when all is well', () => {
    expect(panelOf('HttpTrafficGone').targets[0]?.expr).toBe(
      'sum by (job, instance) (increase(http_requests_total[10m]))',
    )
    expect(panelOf('PaymentsStopped').targets[0]?.expr).not.toContain('reservations_created')
  })

  test.each([
    ['HttpRouteSlow', '{{method}} {{route}} {{instance}} fires beyond'],
    ['JobHanging', '{{job_name}} fires beyond'],
  ])('of %s names the line of each series that it judges: %s', (id, name) => {
    const { targets, fieldConfig } = panelOf(id)
    const line = targets.at(-1)
    expect(line?.legendFormat).toBe(name)
    expect(fieldConfig.overrides.map(({ matcher }) => matcher)).toContainEqual({
      id: 'byFrameRefID',
      options: line?.refId,
    })
  })

  test('shows all that it fires for', () => {
    const asked = panelOf('CollectorFailing').targets.map(({ expr }) => expr)
    expect(asked.map((expr) => /(\w+)_scrape_collector_success/.exec(expr)?.[1])).toEqual([
      'pg',
      'redis',
      'reservations',
    ])
  })
})
