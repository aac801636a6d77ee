import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ruleFiles } from '../../alerts/index.ts'
import { ourDelivery } from '../../alerts/routes.ts'
import { messageTemplates } from '../../compose/alertmanager/messages.ts'
import { sourceTemplates } from '../../compose/alertmanager/sources.ts'
import { composeDeployment } from '../../compose/deployment.ts'
import { anchorOf } from '../../compose/links.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { run } from '../../compose/local/run.ts'
import { severities } from '../../config/sla.ts'
import { everyAlert } from '../promtool/case.ts'

const folder = mkdtempSync(join(tmpdir(), 'messages-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
mkdirSync(join(folder, 'templates'))
writeFileSync(join(folder, 'templates/techplus.tmpl'), messageTemplates(ourDelivery))
writeFileSync(join(folder, 'templates/sources.tmpl'), sourceTemplates(ruleFiles(), composeDeployment))
const programs = await ensurePrograms(['amtool', 'amtool-0.3'])

type Texts = Readonly<Record<string, string>>
interface Told {
  readonly labels: Texts
  readonly annotations?: Texts
  /** Where it is over. */
  readonly endsAt?: string
}

const startsAt = '2026-11-26T17:10:00Z'
const common = (all: readonly Texts[]) =>
  Object.fromEntries(Object.entries(all[0] ?? {}).filter(([name, value]) => all.every((one) => one[name] === value)))
/** A notification as Alertmanager hands it to its templates. */
const notification = (alerts: readonly Told[]) => ({
  receiver: 'demo',
  status: alerts.every(({ endsAt }) => endsAt) ? 'resolved' : 'firing',
  alerts: alerts.map(({ labels, annotations = {}, endsAt }) => ({
    ...{ status: endsAt ? 'resolved' : 'firing', labels, annotations, startsAt },
    endsAt: endsAt ?? '0001-01-01T00:00:00Z',
    ...{ generatorURL: 'https://prometheus.example/p/graph?g0.expr=up&g0.tab=1', fingerprint: 'f' },
  })),
  groupLabels: {},
  commonLabels: common(alerts.map(({ labels }) => labels)),
  commonAnnotations: common(alerts.map(({ annotations = {} }) => annotations)),
  externalURL: 'https://alertmanager.example/a',
})

let written = 0
const renderedBy =
  (name: keyof typeof programs) =>
  async (template: string, alerts: readonly Told[]): Promise<string> => {
    const data = join(folder, `${written++}.json`)
    writeFileSync(data, JSON.stringify(notification(alerts)))
    const { path, env } = programs[name]
    const type = template.endsWith('html') ? 'html' : 'text'
    const flags = [`--template.glob=${folder}/templates/*.tmpl`, `--template.type=${type}`, `--template.data=${data}`]
    const asked = `--template.text={{ template "techplus.${template}" . }}`
    const { code, output } = await run([path, 'template', 'render', ...flags, asked], { env })
    if (code !== 0) throw new Error(output)
    return output
  }

const told = everyAlert.filter(({ labels }) => labels.severity && !labels.step)
const value = 'a-b'
/** The rung of a ladder that stands on an alert. */
const rungOf = ({ alert, labels, annotations }: (typeof told)[number]): Told => {
  const quoted = [...annotations.action.matchAll(/\$labels\.(\w+)/g)].map(([, name = '']) => [name, value])
  const own = { alertname: 'ResponseDue', source_alert: alert, step: 'reminder', instance: 'main' }
  return { labels: { ...Object.fromEntries(quoted), ...labels, ...own }, annotations: { summary: 'waits' } }
}
const plain = (text: string) => text.replace(/\{\{ \$labels\.\w+ \}\}/g, value)

describe.each(['amtool', 'amtool-0.3'] as const)('as %s has it, a message', (name) => {
  const rendered = renderedBy(name)

  test('about a rung of the ladder says of every alert of ours what to do first, and where to look', async () => {
    const parts = (await rendered('firing', told.map(rungOf))).split(/\n\n/).filter((part) => part.trim() !== '')
    expect(parts).toHaveLength(told.length)
    for (const [place, alert] of told.entries()) {
      const part = parts[place] ?? ''
      expect(part).toContain(`What to do: ${plain(alert.annotations.action)}\n`)
      expect(part).toContain(`Runbook: https://prometheus.example/p/consoles/runbook.html#${anchorOf(alert)}\n`)
      expect(part).toMatch(/Panel: http:\/\/127\.0\.0\.1:3001\/d\/techplus-alerts-\w+\?viewPanel=\d+\n/)
      expect(part).toMatch(/Dashboard: http:\/\/127\.0\.0\.1:3001\/d\/techplus-\w+(\?var-\w+=main)?\n/)
    }
  })

  test('for Slack has nothing in it that Slack would take for its own, but links', async () => {
    for (let first = 0; first < told.length; first += 20) {
      const text = await rendered('slack', told.slice(first, first + 20).map(rungOf))
      const left = text.replace(/<https?:\/\/[^<>|\s]+\|[A-Z][a-z]+>/g, '')
      expect(left).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/)
    }
  })

  test('as HTML shows the same words', async () => {
    const some = told.filter(({ annotations }) => /[<>&"']/.test(annotations.action)).slice(0, 20)
    expect(some.length).toBeGreaterThan(5)
    const words = (await rendered('html', some.map(rungOf)))
      .replace(/<[^>]+>/g, '')
      .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&')
    for (const { annotations } of some) expect(words).toContain(plain(annotations.action))
  })

  test('about an alert that is none of ours leads to where Prometheus has it', async () => {
    const labels = { alertname: 'ResponseDue', source_alert: 'Theirs', step: 'reminder', severity: 'low' }
    expect(await rendered('text', [{ labels }])).toContain('Runbook: https://prometheus.example/p/alerts\n')
  })

  test('of more alerts than anybody reads shows twenty, and the way to the others', async () => {
    const many = Array.from({ length: 21 }, (_, place) => ({
      labels: { alertname: 'DemoDown', severity: 'low', instance: `number-${place}` },
    }))
    const text = await rendered('text', many)
    expect(text).toContain('number-19')
    expect(text).not.toContain('number-20')
    expect(text).toMatch(/^All 21 of them: https:\/\/alertmanager\.example\/a$/m)
    expect(await rendered('text', many.slice(1))).not.toContain('of them')
    expect(await rendered('title', many)).toBe('[LOW] DemoDown (21 alerts)')
  })

  const bloated = (name: string, more: Partial<Told> = {}): Told => ({
    labels: { alertname: 'PostgresTableBloated', severity: 'high', owner: 'platform', instance: 'main', relname: name },
    ...more,
  })
  const rung = (about: string, instance: string): Told => ({
    labels: {
      alertname: 'ResponseDue',
      source_alert: about,
      step: 'reminder',
      severity: 'high',
      owner: 'platform',
      instance,
    },
  })
  /** The labels that a link to the form for a silence fills in. */
  const filled = (url: string) => {
    const filter = decodeURIComponent(/filter=(\S+)$/.exec(url)?.[1] ?? '')
    return Object.fromEntries([...filter.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, text]) => [label, text]))
  }

  test('about one alert on several things has one link that answers for all of them', async () => {
    const { relname: _, ...shared } = bloated('a').labels
    const both = [bloated('a'), bloated('b')]
    const all = (text: string) => /^Acknowledge all 2: (\S+)$/m.exec(text)?.[1] ?? ''
    expect(filled(all(await rendered('text', both)))).toEqual(shared)
    expect(await rendered('slack', both)).toMatch(/^<[^<>|\s]+\|Acknowledge all 2>$/m)
    expect(await rendered('html', both)).toMatch(/<a href="[^"]+silences\/new[^"]+">Acknowledge all 2<\/a>/)
    expect(filled(await rendered('acknowledge', both))).toEqual(shared)
    // Of a rung, what it is about.
    const { alertname: _rung, source_alert, step: _step, instance: _instance, ...rest } = rung('RedisDown', 'x').labels
    const rungs = [rung('RedisDown', 'one'), rung('RedisDown', 'two')]
    expect(filled(all(await rendered('text', rungs)))).toEqual({ ...rest, alertname: source_alert })
  })

  test('about several alerts has no link that would answer for whatever else the team has', async () => {
    const several = [rung('RedisDown', 'main'), rung('PostgresDown', 'main')]
    expect(await rendered('text', several)).not.toContain('Acknowledge all')
    expect(filled(await rendered('acknowledge', several))).toMatchObject({ alertname: 'RedisDown' })
    expect(await rendered('text', [bloated('a')])).not.toContain('Acknowledge all')
  })

  test('leads to what fires, and not to what is over beside it', async () => {
    const over = bloated('a', { endsAt: '2026-11-26T17:20:00Z', annotations: { runbook_url: 'https://x/over' } })
    const firing = bloated('b', { annotations: { runbook_url: 'https://x/firing' } })
    expect(await rendered('runbook_url', [over, firing])).toBe('https://x/firing')
    expect(await rendered('runbook_url', [over])).toBe('https://x/over')
    expect(await rendered('text', [over, firing])).not.toContain('Acknowledge all')
  })

  test('for PagerDuty says that it is resolved there, too', async () => {
    const said = await rendered('to_close', [bloated('a')])
    expect(said).toContain('resolve it here as well')
    // A newer Alertmanager would make an object of it.
    expect(said).not.toContain(': ')
  })

  test('links to the web alone', async () => {
    const annotations = { summary: 'x', runbook_url: 'javascript:alert(1)', panel_url: 'https://x/"><b>|y z' }
    const alerts = [{ labels: { alertname: 'DemoDown', severity: 'low' }, annotations }]
    expect(await rendered('text', alerts)).not.toContain('Runbook')
    expect(await rendered('html', alerts)).not.toMatch(/Runbook|<b>\|/)
    expect(await rendered('slack', alerts)).toContain('<https://x/"by%20z|Panel>\n')
    expect(await rendered('runbook_url', alerts)).toBe('')
  })

  test.each(Object.keys(severities))(
    'of severity %s says when it is due, by the clock of the alert',
    async (severity) => {
      const due = {
        critical: 'Thu 26 Nov 18:10',
        high: 'Thu 26 Nov 21:10',
        medium: 'Fri 27 Nov 17:10',
        low: 'Sun 29 Nov 17:10',
      }
      const text = await rendered('respond_by', [{ labels: { alertname: 'DemoDown', severity } }])
      expect(text).toContain(`${new Map(Object.entries(due)).get(severity)} UTC`)
    },
  )

  test.each(['low', 'critical'])(
    'of what is over, of severity %s, asks nobody to respond by some time',
    async (severity) => {
      const over = { labels: { alertname: 'DemoDown', severity }, endsAt: '2026-11-26T17:20:00Z' }
      expect(await rendered('respond_by', [over])).toBe('nobody has to any more')
      const late = { ...over, labels: { ...over.labels, source_alert: 'DemoDown', step: 'escalation' } }
      expect(await rendered('respond_by', [late])).toBe('nobody has to any more')
      expect(await rendered('respond_by', [{ labels: late.labels }, late])).toBe('overdue: the response time ran out')
    },
  )

  test('of the heartbeat asks nobody for an answer', async () => {
    const text = await rendered('text', [{ labels: { alertname: 'Watchdog' }, annotations: { summary: 'beats' } }])
    expect(text).toBe('Watchdog\n  beats')
    expect(await rendered('title', [{ labels: { alertname: 'Watchdog' } }])).toBe('[ALERT] Watchdog')
  })

  test('has a subject of a bounded length', async () => {
    const long = 'x'.repeat(5000)
    const labels = { alertname: long, instance: long, severity: 'low' }
    expect((await rendered('title', [{ labels, annotations: { summary: long } }])).length).toBeLessThan(400)
    expect((await rendered('thread', [{ labels }])).length).toBeLessThan(200)
  })
})
