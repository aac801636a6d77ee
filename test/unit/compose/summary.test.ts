import { describe, expect, test } from 'vitest'
import { composeDeployment, type Deployment } from '../../../compose/deployment.ts'
import { hints, summary } from '../../../compose/summary.ts'

const row = { name: 'Prometheus', url: 'http://127.0.0.1:9090', state: 'up' }
const up = { job: 'api', instance: 'api', health: 'up', error: '' } as const

describe('the summary', () => {
  test('has a line for each part, in columns, and says that all is well', () => {
    expect(summary([row, { ...row, name: 'Redis', url: 'redis:6379', state: 'ended' }], [up], []).split('\n')).toEqual([
      '',
      'COMPONENT   URL                    STATE',
      'Prometheus  http://127.0.0.1:9090  up',
      'Redis       redis:6379             ended',
      '',
      'Prometheus scrapes 1 targets, 1 of them up; every rule evaluates.',
    ])
  })

  test('names every target that is down and every rule that fails', () => {
    const down = { job: 'redis', instance: 'cache', health: 'down', error: 'connection refused' } as const
    const unknown = { job: 'node', instance: 'node', health: 'unknown', error: '' } as const
    expect(summary([row], [up, down, unknown], ['A: bad expression']).split('\n').slice(-4)).toEqual([
      'Prometheus scrapes 3 targets, 1 of them up; 1 rules do not evaluate.',
      '  redis/cache is down: connection refused',
      '  node/node is down: not scraped yet',
      '  A: bad expression',
    ])
  })
})

describe('the hints', () => {
  const demo = { demo: true, withoutSecret: 'left out', unsetPublicUrls: [] } as const
  const bare = { ...composeDeployment, secretsDir: '/srv/secrets', hasSecret: () => false }
  const { pager: _, ...unpaged } = bare

  test('are short where nothing is missing', () => {
    expect(hints(composeDeployment, demo)).toEqual([
      'Pages arrive at http://api:9095/alerts. Break something: npm run fault',
      'To answer a page, silence its alert in Alertmanager: nobody is reminded of it then, and nobody called.',
      'Ctrl-C stops everything.',
    ])
  })

  test.each([
    ['left out', 'Channels without their secret are left out: put '],
    ['tells nobody', 'A channel without its secret tells nobody: put '],
  ] as const)('say which secrets are missing, and what follows: %s', (withoutSecret, start) => {
    const [first = ''] = hints(bare, { ...demo, withoutSecret })
    expect(first.slice(0, start.length)).toBe(start)
    expect(first).toContain('pagerduty_routing_key')
    expect(first).toMatch(/ into \/srv\/secrets\.$/)
  })

  test('shout where a critical alert would be told to nobody', () => {
    const said = hints(unpaged, { ...demo, demo: false })
    expect(said).toContain('CRITICAL ALERTS REACH NOBODY until those are there.')
    expect(said).toContain('The services at the given URLs are watched, and only read.')
  })

  test('say that nobody is told where that was asked for, and ask for no secret then', () => {
    const said = hints({ ...unpaged, tellsNobody: true }, { ...demo, demo: false })
    expect(said).toContain('NOBODY IS TOLD OF ALERTS, because --tell-nobody was given.')
    expect(said.join('\n')).not.toMatch(/REACH NOBODY|secret/)
  })

  const all = ['ALERTMANAGER_PUBLIC_URL', 'PROMETHEUS_PUBLIC_URL', 'GRAFANA_PUBLIC_URL']
  const links = (deployment: Deployment, given: Partial<Parameters<typeof hints>[1]>) =>
    hints(deployment, { ...demo, demo: false, ...given }).filter((line) => line.startsWith('Links'))

  test('say that links lead to this machine as long as they do, and what to set', () => {
    expect(links(unpaged, { unsetPublicUrls: all })).toEqual([
      'Links in messages lead to 127.0.0.1: set ALERTMANAGER_PUBLIC_URL, PROMETHEUS_PUBLIC_URL and GRAFANA_PUBLIC_URL.',
    ])
    expect(links(unpaged, { unsetPublicUrls: all.slice(2) })).toEqual([
      'Links in messages lead to 127.0.0.1: set GRAFANA_PUBLIC_URL.',
    ])
    expect(links(unpaged, {})).toEqual([])
  })

  test('say nothing of links where the demo tells its own pager, or nobody is told', () => {
    expect(links(bare, { demo: true, unsetPublicUrls: all })).toEqual([])
    expect(links({ ...unpaged, tellsNobody: true }, { unsetPublicUrls: all })).toEqual([])
  })
})
