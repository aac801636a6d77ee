import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { ourDelivery } from '../../../alerts/routes.ts'
import { pages } from '../../../compose/artefacts.ts'
import { clockOf, hoursAfter, momentOf, nextOpen } from '../../../compose/support-clock.ts'
import { supportPage } from '../../../compose/support-page.ts'
import { severities } from '../../../config/sla.ts'
import { businessHours, type Channel, escalation, type TeamContact, teams } from '../../../config/teams.ts'
import { namesOf } from '../../../metrics/names.ts'

const page = supportPage()
const rowOf = (text: string, first: string) => {
  const found = text.split('\n').find((line) => line.startsWith(`| ${first} |`))
  if (!found) throw new Error(`no row ${first}`)
  return found.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''))
}

describe('the support page', () => {
  test('lies where it is committed, as it is generated', () => {
    const committed = readFileSync(fileURLToPath(new URL('../../../docs/support.md', import.meta.url)), 'utf8')
    expect(committed).toBe(pages().get('docs/support.md'))
  })

  test.each(Object.entries<TeamContact>(teams))('says at which level %s stands, and how it is told', (name, team) => {
    expect(page).toMatch(new RegExp(`^\\| ${team.level}: .*\\*\\*${name}\\*\\* ${team.words}`, 'm'))
    const [, ...cells] = rowOf(page, name)
    expect(cells).toHaveLength(namesOf(severities).length)
    for (const [place, severity] of namesOf(severities).entries()) {
      const ways = cells[place]?.split(', ')
      if (team.tell[severity]) expect(ways).toHaveLength(team.tell[severity].length)
      else expect(ways).toEqual(['owns none'])
    }
  })

  test.each(namesOf(severities))('says how soon one of severity %s is answered, and who takes over', (name) => {
    const { respondWithinHours, means, escalation: then } = severities[name]
    expect(page).toContain(`| ${means} | ${respondWithinHours} h | ${then.action}: `)
    expect(rowOf(page, name)[3]).toContain(escalation[name].words)
  })

  test("has the handbook's names of the levels", () => {
    for (const name of ['Support utilisateur', 'Support technique', 'Support développeur']) expect(page).toContain(name)
  })

  test('tells the ladder by the clock, what can wait at business hours only', () => {
    expect(rowOf(page, 'critical').slice(1)).toEqual([
      'Monday 09:00',
      'Monday 09:30',
      'Monday 10:00: the on-call engineer',
      '1 h',
    ])
    // Half of 72 hours is at nine in the evening of Tuesday.
    expect(rowOf(page, 'low').slice(1, 4)).toEqual([
      'Monday 09:00',
      'Wednesday 09:00',
      'Thursday 09:00: whoever plans the next work',
    ])
    expect(page).toContain('fires on Friday 20:00 is told by Monday 10:00, when 10 of its 72 hours are left')
    const hurried = supportPage({ ...ourDelivery, businessHours: { ...businessHours, waits: [] } })
    expect(rowOf(hurried, 'low')[2]).toBe('Tuesday 21:00')
    expect(hurried).toContain('Nothing waits')
  })

  test('says that nobody would notice, as long as the heartbeat goes nowhere', () => {
    expect(supportPage({ ...ourDelivery, heartbeat: [] })).toContain('It goes nowhere yet')
    const told = supportPage({ ...ourDelivery, heartbeat: [{ kind: 'email', to: 'other@techplus.com' }] })
    expect(told).toContain('Its way: mail to other@techplus.com.')
  })

  test('says of a level that nobody is at it', () => {
    const { support: _support, ...rest } = teams
    expect(supportPage({ ...ourDelivery, teams: rest })).toMatch(/^\| 1: .*nobody: name a team/m)
  })

  test('names no address that is a secret, and no token', () => {
    const channels: readonly Channel[] = [
      { kind: 'webhook', url: 'https://phone.techplus.com/call/4711?key=hunter2', secret: 'phone_token' },
      { kind: 'webhook', urlSecret: 'ticket_url' },
    ]
    const told = supportPage({ ...ourDelivery, escalation: { ...escalation, critical: { words: 'x', channels } } })
    expect(told).toContain('webhook at phone.techplus.com, webhook (its address: `ticket_url`)')
    expect(told).not.toMatch(/hunter2|4711/)
    expect(page).not.toMatch(/:\/\/[^\s/]*@|hooks\.slack|\b[0-9a-f]{32}\b/)
  })
})

describe('the clock of business hours', () => {
  const at = (moment: number) =>
    clockOf(nextOpen(moment, { weekdays: ['monday', 'wednesday'], from: '09:00', to: '18:00' }))
  test.each([
    ['monday', '08:59', 'Monday 09:00'],
    ['monday', '09:00', 'Monday 09:00'],
    ['monday', '17:59', 'Monday 17:59'],
    ['monday', '18:00', 'Wednesday 09:00'],
    ['tuesday', '12:00', 'Wednesday 09:00'],
    ['wednesday', '23:00', 'Monday 09:00'],
    ['sunday', '10:30', 'Monday 09:00'],
  ] as const)('opens for what comes on %s at %s on %s', (day, time, opens) => {
    expect(at(momentOf(day, time))).toBe(opens)
  })

  test('goes on into the next week', () => {
    expect(clockOf(hoursAfter(momentOf('sunday', '20:00'), 72))).toBe('Wednesday 20:00')
  })
})
