import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { postgresDown } from '../../alerts/postgres/availability.ts'
import { type Delivery, heartbeatRoute, ourDelivery, type Route, routesOf } from '../../alerts/routes.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { run } from '../../compose/local/run.ts'
import { type SeverityName, severities } from '../../config/sla.ts'
import type { Channel } from '../../config/teams.ts'
import { namesOf } from '../../metrics/names.ts'
import { hurriedInterval, type Labels, type Posted, startStand } from './delivery-stand.ts'
import { type Mail, type Post, type Receivers, startReceivers } from './receivers.ts'
import { eventually, workshop } from './servers.ts'

const mail = (name: string) => ({ kind: 'email', to: `${name}@techplus.test` }) as const
const slack = (name: string) => ({ kind: 'slack', secret: `slack_${name}`, channel: '#demo' }) as const
const phone = (name: string) => ({ kind: 'pagerduty', secret: `key_${name}` }) as const
const days = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const
/** Neither today nor, as the test may run at midnight, tomorrow or yesterday. */
const otherDay = days[(new Date().getUTCDay() + 3) % days.length] ?? 'monday'

/** Every kind of channel, and an address of its own for each route. */
const deliveryTo = ({ httpUrl, smtpPort }: Receivers, urlSecret: boolean): Delivery => {
  const hook = `${httpUrl}/hook` satisfies string
  const url = (name: string): `http${string}` => `http${hook.slice('http'.length)}/${name}`
  return {
    teams: {
      demo: {
        words: 'x',
        level: 2,
        tell: {
          critical: [phone('demo'), slack('demo-critical')],
          high: [slack('demo-high'), mail('demo-high')],
          medium: [mail('demo-medium'), { kind: 'webhook', url: url('demo-medium'), secret: 'hook_token' }],
          low: [
            mail('demo-low'),
            urlSecret ? { kind: 'webhook', urlSecret: 'hook_url' } : { kind: 'webhook', url: url('demo-low') },
          ],
        },
      },
      second: { words: 'x', level: 1, tell: { low: [mail('second-low')] } },
    },
    escalation: {
      critical: { words: 'the one with the phone', channels: [phone('next'), slack('next-critical')] },
      high: { words: 'senior support', channels: [mail('next-high')] },
      medium: { words: 'the support team', channels: [mail('next-medium'), { kind: 'webhook', url: url('tickets') }] },
      low: { words: 'whoever plans', channels: [mail('next-low')] },
    },
    businessHours: { ...ourDelivery.businessHours, waits: [] },
    heartbeat: [{ kind: 'webhook', url: url('heartbeat') }],
    smtp: { ...ourDelivery.smtp, smarthost: `127.0.0.1:${smtpPort}` },
    pagerduty: `http${httpUrl.slice('http'.length)}/pagerduty`,
  }
}

const secretsFor = ({ httpUrl }: Receivers) => ({
  smtp_password: 'a-relay-password',
  hook_token: 'a-token',
  hook_url: `${httpUrl}/hook/demo-low`,
  ...Object.fromEntries(['demo', 'next'].map((name) => [`key_${name}`, `routing-${name}`])),
  ...Object.fromEntries(
    ['demo-critical', 'demo-high', 'next-critical'].map((name) => [`slack_${name}`, `${httpUrl}/slack/${name}`]),
  ),
})

const pagerdutyEvent = z.object({
  routing_key: z.string(),
  event_action: z.string(),
  dedup_key: z.string(),
  payload: z
    .object({
      summary: z.string(),
      severity: z.string(),
      component: z.string().optional(),
      custom_details: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
  links: z.array(z.object({ href: z.string(), text: z.string() })).optional(),
})
const slackMessage = z.object({
  channel: z.string(),
  attachments: z.tuple([
    z.object({
      title: z.string(),
      title_link: z.string().optional(),
      text: z.string(),
      color: z.string(),
      fields: z.array(z.object({ title: z.string(), value: z.string() })),
    }),
  ]),
})
const notification = z.object({
  version: z.literal('4'),
  status: z.string(),
  receiver: z.string(),
  alerts: z.array(z.object({ labels: z.record(z.string(), z.string()) })),
})

const began = new Date()
const after = (hours: number) => {
  const [day = '', month = '', date = ''] = new Date(began.getTime() + hours * 3600_000)
    .toUTCString()
    .replace(/,? 0?/g, ' ')
    .split(' ')
  const time = new Date(began.getTime() + hours * 3600_000).toISOString().slice(11, 16)
  return `${day} ${month} ${date} ${time} UTC`
}

/** What the rule of a real alert would say; of a rung of its ladder, the rule of the rung. */
const source = postgresDown.alert
const alertFor = ({ step, severity }: Route, owner: string, { instance = 'main', about = source } = {}): Posted => {
  const rung = step === 'reminder' ? 'ResponseDue' : 'ResponseOverdue'
  const labels = { severity, owner, instance }
  return step === 'first'
    ? {
        labels: { alertname: source, ...labels },
        annotations: {
          summary: `first ${severity} of ${owner}`,
          action: 'Look & see.',
          runbook_url: 'http://127.0.0.1:9090/consoles/runbook.html#PostgresDown',
          panel_url: 'http://127.0.0.1:3001/d/x?viewPanel=1',
        },
        startsAt: began.toISOString(),
      }
    : {
        labels: { alertname: rung, source_alert: about, step, ...labels },
        annotations: { summary: `${step} ${severity} of ${owner}`, action: 'Take it' },
        startsAt: began.toISOString(),
      }
}

const ownerOf = ({ key, step }: Route) => (step === 'escalation' ? 'demo' : (key.split('.')[1] ?? ''))

const subjects = { first: '', reminder: ', not acknowledged yet', escalation: ', not acknowledged in time' } as const
const titleOf = ({ severity, step }: Route) => `[${severity.toUpperCase()}${subjects[step]}]`

describe.each(['alertmanager', 'alertmanager-0.3'] as const)('%s, with what is generated', (program) => {
  const shop = workshop()
  let receivers: Receivers
  let stand: Awaited<ReturnType<typeof startStand>>
  let delivery: Delivery

  beforeAll(async () => {
    receivers = await startReceivers()
    delivery = deliveryTo(receivers, program === 'alertmanager-0.3')
    const secrets = secretsFor(receivers)
    stand = await startStand({ program, folder: join(shop.folder, program), delivery, receivers, secrets })
  }, 120_000)
  afterAll(async () => {
    await stand.stop()
    await receivers.close()
    await shop.end()
  })

  const posts = (path: string) => receivers.posts().filter((one) => one.path === path)
  const mailsTo = (address: string) => receivers.mails().filter(({ recipients }) => recipients.includes(address))
  const waitFor = <T>(look: () => T | undefined) => eventually(look, (found) => found !== undefined) as Promise<T>
  const postWith = (path: string, text: string) =>
    waitFor<Post>(() => posts(path).find(({ raw }) => raw.includes(text)))
  const mailWith = (address: string, text: string) =>
    waitFor<Mail>(() => mailsTo(address).find((one) => one.subject.includes(text) || one.text.includes(text)))

  /** Where a message of a route has to be seen, and what is there. */
  const arrived = async (channel: Channel, route: Route, summary: string): Promise<string> => {
    switch (channel.kind) {
      case 'email': {
        const { subject, text, html, user } = await mailWith(channel.to, summary)
        expect(subject).toContain(titleOf(route))
        expect(user).toBe(delivery.smtp.username)
        expect(html).toContain(summary)
        return text
      }
      case 'slack': {
        const { body } = await postWith(`/slack/${channel.secret.slice('slack_'.length)}`, summary)
        const [{ title, text }] = slackMessage.parse(body).attachments
        expect(title).toContain(titleOf(route))
        return text
      }
      case 'pagerduty': {
        const found = await postWith('/pagerduty', summary)
        const { routing_key, event_action, payload } = pagerdutyEvent.parse(found.body)
        expect(routing_key).toBe(`routing-${channel.secret.slice('key_'.length)}`)
        expect(event_action).toBe('trigger')
        expect(payload?.summary).toContain(titleOf(route))
        expect(payload?.severity).toBe(
          { critical: 'critical', high: 'error', medium: 'warning', low: 'info' }[route.severity],
        )
        return String(payload?.custom_details?.firing)
      }
      case 'webhook': {
        const path = 'url' in channel ? new URL(channel.url).pathname : '/hook/demo-low'
        const found = await postWith(path, summary)
        expect(found.headers.authorization).toBe('url' in channel && channel.secret ? 'Bearer a-token' : undefined)
        return found.raw
      }
    }
  }

  test('tells every route by each of its channels, with what its reader needs', async () => {
    const routes = routesOf(delivery)
    await stand.post(routes.map((route) => alertFor(route, ownerOf(route))))
    for (const route of routes) {
      const { step, severity } = route
      const summary = `${step} ${severity} of ${ownerOf(route)}`
      for (const channel of route.channels) {
        const text = await arrived(channel, route, summary)
        if (channel.kind === 'webhook') continue
        expect(text).toContain(summary)
        expect(text).toContain('http://127.0.0.1:9090/consoles/runbook.html#PostgresDown')
        expect(text).toContain(`${stand.url}/#/silences/new?filter=%7Balertname%3D%22PostgresDown%22`)
        expect(text).toContain(`amtool silence add --alertmanager.url=${stand.url}`)
        const hours = severities[severity].respondWithinHours
        if (step === 'first') expect(text).toContain(`${after(hours)} (within ${hours} hour${hours === 1 ? '' : 's'})`)
        // What the alert itself would say, which the rung of its ladder does not know.
        else expect(text).toContain(postgresDown.annotations.action)
        const { action, notification } = severities[severity].escalation
        const takesOver = `${delivery.escalation[severity].words}. The handbook: ${action} (${notification})`
        expect(text.includes(takesOver)).toBe(step === 'escalation')
      }
    }
  }, 60_000)

  test('keeps the record of every first notification, and of nothing else', async () => {
    const firsts = routesOf(delivery).filter(({ step }) => step === 'first')
    const recorded = () => posts('/alertmanager').map(({ body }) => notification.parse(body))
    await eventually(
      () => new Set(recorded().map(({ receiver }) => receiver)).size,
      (count) => count === firsts.length,
    )
    expect(recorded().flatMap(({ alerts }) => alerts.filter(({ labels }) => labels.step))).toEqual([])
  })

  test('lists what nobody is woken up for in one message', async () => {
    const route = routesOf(delivery).find(({ receiver }) => receiver === 'escalation-medium')
    if (!route) throw new Error('no route')
    await stand.post(['TargetDown', 'RedisDown'].map((about) => alertFor(route, 'demo', { about, instance: 'other' })))
    const found = await mailWith('next-medium@techplus.test', 'TargetDown other')
    expect(found.subject).toBe('[MEDIUM, not acknowledged in time] 3 alerts of demo')
    for (const name of ['PostgresDown main', 'RedisDown other']) expect(found.text.split('\n')).toContain(name)
  })

  test('threads the mails about one alert, and marks them as written by a program', () => {
    const about = receivers.mails().filter(({ subject }) => /\[HIGH.*PostgresDown main/.test(subject))
    expect(about.length).toBeGreaterThanOrEqual(3)
    expect(new Set(about.map((one) => one.header('references'))).size).toBe(1)
    expect(about[0]?.header('auto-submitted')).toBe('auto-generated')
    expect(about[0]?.header('x-severity')).toBe('high')
  })

  test('beats, and does not stop', async () => {
    const beat = { labels: { alertname: heartbeatRoute.alertname }, startsAt: began.toISOString() }
    await stand.post([beat])
    const beats = () => posts('/hook/heartbeat').map(({ at }) => at)
    const came = await eventually(beats, (all) => all.length >= 8)
    const pauses = came.slice(1).map((at, place) => at - (came[place] ?? at))
    // Were every second beat left out, no pause would be this short.
    expect(pauses.filter((pause) => pause < 1.5 * hurriedInterval).length).toBeGreaterThan(pauses.length / 2)
  })

  const evil = `a"b'c\`d <!channel> & <img src=x onerror=alert(1)> $(touch x)\r\nBcc: victim@techplus.test\u202e +1`

  test('is not led astray by what stands in a label', async () => {
    const labels: Labels = { alertname: 'DemoEvil', severity: 'high', owner: 'demo', instance: evil }
    await stand.post([
      { labels, annotations: { summary: `about ${evil}`, action: evil }, startsAt: began.toISOString() },
    ])
    const { subject, text, html, header, recipients } = await mailWith('demo-high@techplus.test', 'DemoEvil')
    expect(recipients).toEqual(['demo-high@techplus.test'])
    expect(header('bcc')).toBe('""')
    expect(subject).not.toMatch(/\p{Cc}|\u202e/u)
    expect(text).not.toMatch(/^Bcc/m)
    expect(html).not.toContain('<img')
    const { body } = await postWith('/slack/demo-high', 'DemoEvil')
    const [{ title, text: said }] = slackMessage.parse(body).attachments
    for (const one of [title, said]) expect(one).not.toContain('<!channel>')
    // The link leads to a form that is filled in with the labels, as they are.
    const link = new URL(/http\S+silences\/new\?filter=\S+/.exec(text)?.[0] ?? '')
    const filter = new URLSearchParams(link.hash.slice(link.hash.indexOf('?'))).get('filter') ?? ''
    const matchers = [...filter.matchAll(/(\w+)=("(?:[^"\\]|\\.)*")/g)]
    expect(Object.fromEntries(matchers.map(([, name, value = '""']) => [name, JSON.parse(value)]))).toEqual(labels)
  })

  test('is answered by the line in its message, as it is pasted', async () => {
    const labels = {
      alertname: 'DemoQuoted',
      severity: 'high',
      owner: 'demo',
      instance: `it's "quoted" $(exit 3) & more`,
    }
    await stand.post([{ labels, annotations: { summary: 'x' }, startsAt: began.toISOString() }])
    const { text } = await mailWith('demo-high@techplus.test', 'DemoQuoted')
    const line = /amtool silence add .*/.exec(text)?.[0] ?? ''
    const name = program === 'alertmanager' ? 'amtool' : 'amtool-0.3'
    const amtool = (await ensurePrograms([name]))[name]
    const { code, output } = await run(['sh', '-c', line.replace(/^amtool/, `'${amtool.path}'`)], { env: amtool.env })
    expect([code, output]).toEqual([0, expect.stringMatching(/^[0-9a-f-]{36}\s*$/)])
    const silenced = await eventually(stand.silences, (all) => all.get('DemoQuoted')?.length === 1)
    expect([...silenced].filter(([, by]) => by.length > 0).map(([alertname]) => alertname)).toEqual(['DemoQuoted'])
  })

  test('says what is over and how long it took, and reminds nobody of it', async () => {
    const routes = routesOf(delivery).filter(({ severity }) => severity === 'high')
    const endsAt = new Date(Math.max(Date.now() - 1, began.getTime() + 1000)).toISOString()
    await stand.post(routes.map((route) => ({ ...alertFor(route, 'demo'), endsAt })))
    const over = await mailWith('demo-high@techplus.test', '[RESOLVED high] PostgresDown main')
    expect(over.text).toMatch(/^Resolved: PostgresDown main\n\s+first high of demo\n\s+It lasted [\dms.]+\.$/m)
    expect(over.text).not.toContain('What to do')
    const { body } = await postWith('/slack/demo-high', '[RESOLVED high]')
    expect(slackMessage.parse(body).attachments[0].color).toBe('#73BF69')
    await mailWith('next-high@techplus.test', '[ACKNOWLEDGED OR RESOLVED high] PostgresDown main')
    const reminded = mailsTo('demo-high@techplus.test').filter(({ subject }) => subject.startsWith('[ACKNOWLEDGED'))
    expect(reminded).toEqual([])
  })

  test('closes what it opened in PagerDuty, each step by itself', async () => {
    const routes = routesOf(delivery).filter(({ severity }) => severity === 'critical')
    const events = () => posts('/pagerduty').map(({ body }) => pagerdutyEvent.parse(body))
    const opened = new Set(events().map(({ dedup_key }) => dedup_key))
    expect(opened.size).toBe(routes.length)
    const endsAt = new Date(Math.max(Date.now() - 1, began.getTime() + 1000)).toISOString()
    await stand.post(routes.map((route) => ({ ...alertFor(route, 'demo'), endsAt })))
    const closed = () => new Set(events().flatMap((one) => (one.event_action === 'resolve' ? [one.dedup_key] : [])))
    await eventually(closed, (keys) => keys.size === opened.size)
    expect(closed()).toEqual(opened)
  })
})

describe.each(['alertmanager', 'alertmanager-0.3'] as const)('%s, of an alert that ends in silence', (program) => {
  const shop = workshop()
  let receivers: Receivers
  beforeAll(async () => {
    receivers = await startReceivers()
  })
  afterAll(async () => {
    await receivers.close()
    await shop.end()
  })

  test('tells nobody, and tells it at once when it fires again after the time at which it would be repeated', async () => {
    const delivery = deliveryTo(receivers, false)
    const [folder, secrets] = [join(shop.folder, program), secretsFor(receivers)]
    const repeat = 5 * hurriedInterval
    const stand = shop.keep(await startStand({ program, folder, delivery, receivers, secrets, repeat: `${repeat}ms` }))
    const labels = { alertname: 'DemoDown', severity: 'high', owner: 'demo', instance: 'main' }
    const told = () => receivers.mails().filter(({ subject }) => subject.includes('DemoDown main'))
    const beats = () => receivers.posts().filter(({ path }) => path === '/hook/heartbeat').length
    /** As often as the heart beats, a group is looked at. */
    const looked = async () => {
      const soFar = beats()
      await eventually(beats, (count) => count >= soFar + 3)
    }
    const fires = { labels, annotations: { summary: 'x' }, startsAt: began.toISOString() }
    await stand.post([fires, { labels: { alertname: heartbeatRoute.alertname }, startsAt: began.toISOString() }])
    const [first] = await eventually(told, (all) => all.length > 0)

    const silence = await stand.silence('DemoDown')
    await eventually(stand.silences, (all) => all.get('DemoDown')?.length === 1)
    const soFar = told().length
    await stand.post([{ ...fires, endsAt: new Date(Date.now() - 1).toISOString() }])
    await eventually(stand.silences, (all) => !all.has('DemoDown'))
    await looked()
    await stand.endSilence(silence)
    await eventually(Date.now, (now) => now > (first?.at ?? now) + repeat)
    await looked()
    expect(told()).toHaveLength(soFar)

    await stand.post([{ ...fires, startsAt: new Date().toISOString() }])
    const again = await eventually(told, (all) => all.length > soFar)
    expect(again.at(-1)?.subject).toBe('[HIGH] DemoDown main: x')
  })
})

describe('outside of business hours', () => {
  const shop = workshop()
  let receivers: Receivers
  beforeAll(async () => {
    receivers = await startReceivers()
  })
  afterAll(async () => {
    await receivers.close()
    await shop.end()
  })

  test('what can wait is not told, and what cannot is', async () => {
    const plain = deliveryTo(receivers, false)
    const delivery: Delivery = {
      ...plain,
      businessHours: { ...ourDelivery.businessHours, weekdays: [otherDay], waits: ['low'] },
    }
    const folder = join(shop.folder, 'waiting')
    const secrets = secretsFor(receivers)
    const stand = shop.keep(await startStand({ program: 'alertmanager', folder, delivery, receivers, secrets }))
    const alerts = namesOf(severities).map(
      (severity): Posted => ({
        labels: { alertname: 'DemoDown', severity, owner: 'demo' } satisfies Labels & { severity: SeverityName },
        startsAt: began.toISOString(),
      }),
    )
    await stand.post([...alerts, { labels: { alertname: heartbeatRoute.alertname }, startsAt: began.toISOString() }])
    const told = () => receivers.mails().flatMap(({ recipients }) => recipients)
    await eventually(told, (all) =>
      ['demo-high@techplus.test', 'demo-medium@techplus.test'].every((one) => all.includes(one)),
    )
    // As often as the heart beats, a group is looked at.
    const beats = () => receivers.posts().filter(({ path }) => path === '/hook/heartbeat').length
    const soFar = beats()
    await eventually(beats, (count) => count >= soFar + 3)
    expect(told()).not.toContain('demo-low@techplus.test')
  })
})
