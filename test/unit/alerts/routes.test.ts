import { describe, expect, test } from 'vitest'
import type { Alert } from '../../../alerts/alert.ts'
import { longestTimeOff, weekdays } from '../../../alerts/business-hours.ts'
import { routeFaults } from '../../../alerts/route-faults.ts'
import { type Delivery, ourDelivery, routesOf } from '../../../alerts/routes.ts'
import { type SeverityName, severities } from '../../../config/sla.ts'
import type { Channel } from '../../../config/teams.ts'
import { namesOf } from '../../../metrics/names.ts'
import { everyAlert } from '../../promtool/case.ts'

const routes = routesOf(ourDelivery)
/** The one that takes an alert: the first that matches. */
const taker = (labels: Readonly<Record<string, string>>) =>
  routes.find(({ matchers }) =>
    matchers.every((matcher) => {
      const [, label = '', value] = /^(\w+)="(.*)"$/.exec(matcher) ?? []
      return labels[label] === value
    }),
  )

describe('every alert', () => {
  const told = everyAlert.filter(({ labels }) => labels.severity && !labels.step)

  test('has a way to whoever answers for it, a reminder there, and somebody who takes over', () => {
    for (const { labels } of told) {
      const { owner = '', severity = '' } = labels
      expect(taker(labels)?.receiver).toBe(`${owner}-${severity}`)
      expect(taker({ ...labels, step: 'reminder' })?.receiver).toBe(`${owner}-${severity}-reminder`)
      expect(taker({ ...labels, step: 'escalation' })?.receiver).toBe(`escalation-${severity}`)
    }
  })

  test('is reminded of by the channels of the first notification', () => {
    for (const { labels } of told) {
      expect(taker({ ...labels, step: 'reminder' })?.channels).toEqual(taker(labels)?.channels)
    }
  })
})

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }
const seconds = (duration: string) => Number.parseInt(duration, 10) * (units[duration.slice(-1)] ?? Number.NaN)

describe.each(routes.map((route) => [route.receiver, route] as const))('the route to %s', (_receiver, route) => {
  const { severity, step, timing } = route
  const responds = severities[severity].respondWithinHours * 3600
  const [wait, interval, repeat] = [timing.groupWait, timing.groupInterval, timing.repeatInterval].map(seconds)

  test('repeats at a pace that Alertmanager keeps', () => {
    // Until then an alert that ended in silence, and fires again, is taken for told: no longer than it may stay unanswered.
    expect(repeat).toBe(responds)
    expect((repeat ?? Number.NaN) % (interval ?? Number.NaN)).toBe(0)
    // Its default retention, at which it repeats in any case.
    expect(repeat).toBeLessThan(120 * 3600)
  })

  test('waits for what comes with it, and leaves time to respond', () => {
    // Two evaluations: what holds it back has arrived.
    expect(wait).toBeGreaterThanOrEqual(30)
    expect(wait).toBeLessThan(responds / 60)
  })

  test('tells what wakes somebody up alert by alert, and what does not in one list', () => {
    const isList = step !== 'first' && (severity === 'medium' || severity === 'low')
    expect(route.groupBy.includes('instance')).toBe(!isList)
    if (isList) expect(route.groupBy).toEqual(['owner'])
  })

  test('waits for business hours where its severity does', () => {
    expect(route.waits).toBe(severity === 'low')
  })
})

const mail = { kind: 'email', to: 'on-call@techplus.com' } as const
const team = { words: 'x', level: 2, tell: { high: [mail] } } as const
const next = { words: 'x', channels: [mail] } as const
const delivery: Delivery = {
  ...ourDelivery,
  teams: { demo: team },
  escalation: { critical: next, high: next, medium: next, low: next },
}
const alert = {
  id: 'DemoDown',
  alert: 'DemoDown',
  expr: 'x',
  comparisons: [],
  for: '1m',
  annotations: { summary: 'x', action: 'x' },
} as const
const of = (owner: string, severity: string) => ({ ...alert, labels: { owner, severity } })
const telling = (...channels: readonly Channel[]): Delivery => ({
  ...delivery,
  teams: { demo: { ...team, tell: { high: channels } } },
})
const relay = (smtp: Partial<Delivery['smtp']>): Delivery => ({ ...delivery, smtp: { ...delivery.smtp, ...smtp } })
const open = (hours: Partial<Delivery['businessHours']>): Delivery => ({
  ...delivery,
  businessHours: { ...delivery.businessHours, ...hours },
})
const without = (severity: SeverityName): Delivery => ({
  ...delivery,
  escalation: JSON.parse(JSON.stringify({ ...delivery.escalation, [severity]: undefined })),
})

type Fault = readonly [words: string, alerts: readonly Alert[], given: Delivery, fault: string]
const faults: readonly Fault[] = [
  [
    'an alert that nobody is told of',
    [of('demo', 'high'), of('demo', 'low')],
    delivery,
    'teams.demo.tell.low is missing: nobody would be told of DemoDown; name a channel, or change its severity in config/overrides.ts',
  ],
  [
    'an owner that is no team',
    [of('demo', 'high'), of('other', 'high')],
    delivery,
    'teams.other.tell.high is missing: nobody would be told of DemoDown; add the team other, or give the alert another owner',
  ],
  [
    'a way that no alert takes',
    [of('demo', 'high')],
    { ...delivery, teams: { demo: team, idle: team } },
    'teams.idle.tell.high is reached by no alert: leave it out',
  ],
  [
    'a team that nothing is told',
    [of('demo', 'high')],
    { ...delivery, teams: { demo: team, mute: { ...team, tell: {} } } },
    'teams.mute.tell is empty: name a channel by severity, or take the team out',
  ],
  [
    'a team called as something else is',
    [of('escalation', 'high')],
    { ...delivery, teams: { escalation: team } },
    'teams.escalation is no name for a team: write small letters, digits and hyphens, and not escalation or heartbeat',
  ],
  [
    'a severity without a channel',
    [of('demo', 'high')],
    telling(),
    'teams.demo.tell.high is empty: name a channel, or leave it out',
  ],
  [
    'a way that only an alert takes which is switched off',
    [{ ...of('demo', 'high'), override: { off: true, reason: 'x' } } as const],
    delivery,
    'teams.demo.tell.high is reached by no alert: leave it out',
  ],
  [
    'a severity that nobody takes over',
    [of('demo', 'high')],
    without('medium'),
    'escalation.medium is missing: say who takes over once nobody has responded in time',
  ],
  [
    'one whom nothing tells to take over',
    [of('demo', 'high')],
    { ...delivery, escalation: { ...delivery.escalation, low: { words: 'x', channels: [] } } },
    'escalation.low.channels is empty: name a channel, or what nobody responds to stays with nobody',
  ],
  [
    'a channel named twice',
    [of('demo', 'high')],
    telling(mail, mail),
    'teams.demo.tell.high[1] is the same as teams.demo.tell.high[0]: leave one of them out',
  ],
  [
    'several addresses in one',
    [of('demo', 'high')],
    telling({ kind: 'email', to: 'a@techplus.com, b@techplus.com' }),
    'teams.demo.tell.high[0] mails to a@techplus.com, b@techplus.com: write one address, such as support@techplus.com',
  ],
  [
    'a webhook without a host',
    [of('demo', 'high')],
    telling({ kind: 'webhook', url: 'http://' }),
    'teams.demo.tell.high[0] has no URL: write https://host/path',
  ],
  [
    'a webhook with a login in it',
    [of('demo', 'high')],
    telling({ kind: 'webhook', url: 'https://user:hunter2@host/' }),
    'teams.demo.tell.high[0] has a login in its URL: put the URL into a secret, as urlSecret',
  ],
  [
    'a secret outside of its folder',
    [of('demo', 'high')],
    telling({ kind: 'pagerduty', secret: '../key' }),
    'teams.demo.tell.high[0] names a secret that is no name of a file: write letters, digits and _',
  ],
  [
    'a channel of Slack without its mark',
    [of('demo', 'high')],
    // As it may be written without an editor's help.
    telling(JSON.parse('{"kind":"slack","secret":"x","channel":"alerts"}')),
    'teams.demo.tell.high[0] names the channel alerts: write one with # in front, such as #techplus-alerts',
  ],
  [
    'a kind of channel that there is not',
    [of('demo', 'high')],
    telling(JSON.parse('{"kind":"fax","to":"1"}')),
    'teams.demo.tell.high[0] is of the kind fax: write pagerduty, slack, email or webhook',
  ],
  ...['smtp.techplus.com', 'smtp.techplus.com:0', 'smtp.techplus.com:70000', 'smtps://smtp.techplus.com:465'].map(
    (smarthost) =>
      [
        `the mail relay ${smarthost}`,
        [of('demo', 'high')],
        relay(JSON.parse(JSON.stringify({ smarthost }))),
        `smtp.smarthost is ${smarthost}: write host and port, such as smtp.techplus.com:587`,
      ] as const,
  ),
  [
    'a sender without an address',
    [of('demo', 'high')],
    relay({ from: 'Alertmanager' }),
    'smtp.from is Alertmanager: write one address, such as alertmanager@techplus.com',
  ],
  [
    'a user of the relay that is blank',
    [of('demo', 'high')],
    relay({ username: ' ' }),
    'smtp.username is " ": write the user of the relay without blanks, such as alertmanager@techplus.com',
  ],
  [
    'a password outside of its folder',
    [of('demo', 'high')],
    relay({ secret: '../password' }),
    'smtp.secret names a secret that is no name of a file: write letters, digits and _',
  ],
  [
    'a severity that waits longer than its response time',
    [of('demo', 'high')],
    open({ waits: ['low', 'medium'] }),
    'businessHours.waits names medium, whose response time of 24 h is not longer than the longest time off, 63 h, an hour ' +
      'when clocks are set back, and 15 min until messages go out again: leave medium out, or it would run out untold',
  ],
  [
    'a day that is over before anything goes out',
    [of('demo', 'high')],
    open({ to: '10:00' }),
    'businessHours.to is 10:00, 60 min after 09:00: messages of severity low go out once in 60 min, and might never do so ' +
      'within; write a later one',
  ],
  [
    'a longer weekend than a severity can wait',
    [of('demo', 'high')],
    open({ weekdays: ['tuesday', 'wednesday', 'thursday'] }),
    'businessHours.waits names low, whose response time of 72 h is not longer than the longest time off, 111 h, an hour ' +
      'when clocks are set back, and 60 min until messages go out again: leave low out, or it would run out untold',
  ],
  [
    'a weekend after which hardly any time is left, as clocks are set back in it',
    [of('demo', 'high')],
    open({ from: '16:30' }),
    'businessHours.waits names low, whose response time of 72 h is not longer than the longest time off, 70.5 h, an hour ' +
      'when clocks are set back, and 60 min until messages go out again: leave low out, or it would run out untold',
  ],
  [
    'no working day',
    [of('demo', 'high')],
    open({ weekdays: [] }),
    'businessHours.weekdays is empty: name a day, or nobody would ever be told',
  ],
  [
    'a day named twice',
    [of('demo', 'high')],
    open({ weekdays: ['monday', 'friday', 'monday'] }),
    'businessHours.weekdays names monday twice: leave one out',
  ],
  [
    'a day that ends before it begins',
    [of('demo', 'high')],
    open({ from: '18:00', to: '09:00' }),
    'businessHours.from is 18:00, which is not before 09:00: write the earlier one first',
  ],
  [
    'a time that no day has',
    [of('demo', 'high')],
    open({ from: '9:00' }),
    'businessHours.from is 9:00, no time of a day: write it as 09:00',
  ],
  [
    'an end that no day has',
    [of('demo', 'high')],
    open({ to: '24:30' }),
    'businessHours.to is 24:30, no time of a day: write it as 18:00',
  ],
  ...['Europe/Pariss', 'europe/paris', '+01:00', ''].map(
    (location) =>
      [
        `the time zone "${location}"`,
        [of('demo', 'high')],
        open({ location }),
        `businessHours.location is ${location}, no time zone: write a name of the IANA database, such as Europe/Paris`,
      ] as const,
  ),
]

/** As it may be written without an editor's help: JSON knows no types. */
const careless = <T>(value: unknown): T => JSON.parse(JSON.stringify(value))
const known = 'critical, high, medium, low'
const carelessFaults: readonly Fault[] = [
  [
    'a team without any way to it',
    [of('demo', 'high')],
    { ...delivery, teams: { demo: team, mute: careless({ words: 'x', level: 2 }) } },
    'teams.mute.tell is empty: name a channel by severity, or take the team out',
  ],
  [
    'a level that the handbook has not',
    [of('demo', 'high')],
    { ...delivery, teams: { demo: careless({ ...team, level: 4 }) } },
    'teams.demo.level is 4: write 1, 2 or 3',
  ],
  [
    'a way for a severity that there is not',
    [of('demo', 'high')],
    { ...delivery, teams: { demo: careless({ ...team, tell: { ...team.tell, urgent: [mail] } }) } },
    `teams.demo.tell.urgent is for no severity of config/sla.ts: leave it out, or write ${known}`,
  ],
  [
    'a way that is no list',
    [of('demo', 'high')],
    { ...delivery, teams: { demo: careless({ ...team, tell: { high: mail } }) } },
    'teams.demo.tell.high is no list: write its channels in [ and ]',
  ],
  [
    'somebody to take over whom nothing tells',
    [of('demo', 'high')],
    { ...delivery, escalation: { ...delivery.escalation, low: careless({ words: 'x' }) } },
    'escalation.low.channels is empty: name a channel, or what nobody responds to stays with nobody',
  ],
  [
    'somebody to take over a severity that there is not',
    [of('demo', 'high')],
    { ...delivery, escalation: careless({ ...delivery.escalation, urgent: next }) },
    `escalation.urgent is for no severity of config/sla.ts: leave it out, or write ${known}`,
  ],
  [
    'a severity that waits and that there is not',
    [of('demo', 'high')],
    open({ waits: careless(['lo']) }),
    `businessHours.waits names lo, which is no severity of config/sla.ts: write ${known}`,
  ],
  [
    'a day that no week has',
    [of('demo', 'high')],
    open({ weekdays: careless(['montag', 'friday']) }),
    'businessHours.weekdays names montag: write monday, tuesday, wednesday, thursday, friday, saturday, sunday',
  ],
  ...(['pagerduty', 'slack'] as const).map(
    (kind) =>
      [
        `a channel of ${kind} without its secret`,
        [of('demo', 'high')],
        telling(careless({ kind, channel: '#x' })),
        'teams.demo.tell.high[0] has no secret: write the name of the file that holds it',
      ] as const,
  ),
  [
    'a webhook to nowhere',
    [of('demo', 'high')],
    telling(careless({ kind: 'webhook' })),
    'teams.demo.tell.high[0] has no URL: write https://host/path',
  ],
  [
    'a channel that is none',
    [of('demo', 'high')],
    telling(careless(null)),
    'teams.demo.tell.high[0] is of the kind undefined: write pagerduty, slack, email or webhook',
  ],
]

describe('what is wrong with routes', () => {
  test.each(carelessFaults)('%s: is told as well', (_words, alerts, given, fault) => {
    expect(routeFaults(alerts, given)).toEqual([`config/teams.ts: ${fault}`])
  })

  test('a severity that was taken out is told wherever it is named, and stops nothing else from being told', () => {
    const { low: _low, ...rest } = severities
    const all = routeFaults([of('demo', 'high'), of('demo', 'low')], delivery, rest)
    expect(all).toEqual([
      'config/teams.ts: escalation.low is for no severity of config/sla.ts: leave it out, or write critical, high, medium',
      'config/teams.ts: businessHours.waits names low, which is no severity of config/sla.ts: write critical, high, medium',
    ])
  })

  test('a fifth severity, and a response time that is none', () => {
    expect(routeFaults([of('demo', 'high')], delivery, { ...severities, urgent: severities.high })).toEqual([
      `config/sla.ts: severities.urgent is none that is routed: leave it out, and keep to ${known}`,
    ])
    // The ladder tells of it.
    const { respondWithinHours: _hours, ...timeless } = severities.high
    expect(routeFaults([of('demo', 'high')], delivery, { ...severities, high: timeless })).toEqual([])
  })

  test.each(faults)('%s: is told in one line, with the key and what to write', (_words, alerts, given, fault) => {
    expect(routeFaults(alerts, given)).toEqual([`config/teams.ts: ${fault}`])
  })

  test('nothing is, where every alert has a way and every way an alert', () => {
    expect(routeFaults([of('demo', 'high')], delivery)).toEqual([])
    for (const smarthost of ['127.0.0.1:25', '[::1]:25']) {
      expect(
        routeFaults([of('demo', 'high')], relay(JSON.parse(JSON.stringify({ smarthost, username: 'apikey' })))),
      ).toEqual([])
    }
    expect(routeFaults(everyAlert)).toEqual([])
  })

  test('a ladder asks for no way of its own, and what nobody waits for asks for no hours', () => {
    const rung = { ...alert, labels: { step: 'reminder', severity: 'critical' } }
    expect(routeFaults([of('demo', 'high'), rung], delivery)).toEqual([])
    expect(routeFaults([of('demo', 'high')], open({ waits: [], weekdays: ['sunday'] }))).toEqual([])
    const always = { weekdays: [...weekdays], from: '00:00', to: '24:00' } as const
    expect(routeFaults([of('demo', 'high')], open({ ...always, waits: ['critical', 'low'] }))).toEqual([])
    expect(routeFaults([of('demo', 'high')], open({ from: '17:00', waits: [] }))).toEqual([])
  })

  test('each of them alone, and all of them together', () => {
    const all = routeFaults([of('other', 'high')], {
      ...open({ weekdays: [] }),
      teams: { demo: { ...team, tell: {} } },
    })
    expect(all).toHaveLength(3)
  })
})

describe('the longest time off', () => {
  test.each([
    [ourDelivery.businessHours, 63],
    [{ weekdays: ['monday'], from: '09:00', to: '18:00' }, 159],
    [{ weekdays: ['saturday', 'sunday'], from: '00:00', to: '24:00' }, 120],
    [{ weekdays: ['friday', 'monday'], from: '08:30', to: '17:00' }, 87.5],
  ] as const)('of %j is %d hours', (hours, off) => {
    expect(longestTimeOff(hours)).toBe(off)
  })
})

test('every severity has an end of the ladder', () => {
  const last = routes.filter(({ step }) => step === 'escalation')
  expect(last.map(({ severity }) => severity)).toEqual(namesOf(severities))
})
