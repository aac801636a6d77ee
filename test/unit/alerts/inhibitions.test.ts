import { describe, expect, test } from 'vitest'
import { overdueName, reminderName } from '../../../alerts/escalation.ts'
import { alertsOf } from '../../../alerts/index.ts'
import { type Inhibition, inhibitions as inhibitionsOf, neverHeldBack } from '../../../alerts/inhibitions.ts'
import { heartbeatRoute, silentRoute } from '../../../alerts/routes.ts'
import { stackGroups } from '../../../alerts/stack/index.ts'
import { everyAlert, labelsOf } from '../../promtool/case.ts'
import { everyCase } from '../../promtool/index.ts'

type Labels = Readonly<Record<string, string>>

const inhibitions = inhibitionsOf()

const distinct = (all: readonly Labels[]) => [...new Map(all.map((one) => [JSON.stringify(one), one])).values()]

/** Every alert as it arrives in some case of the rule tests, all its labels included. */
const sources = distinct(
  everyCase.flatMap(({ fires }) =>
    fires
      .filter(({ rule }) => rule.labels.step === undefined)
      .map((firing) => ({ ...labelsOf(firing), alertname: firing.rule.alert })),
  ),
)
/** That nobody responds to it. */
const unanswered = ({ alertname = '', ...labels }: Labels): readonly Labels[] =>
  labels.severity === undefined
    ? []
    : [
        { ...labels, alertname: reminderName, source_alert: alertname, step: 'reminder' },
        { ...labels, alertname: overdueName, source_alert: alertname, step: 'escalation' },
      ]
const ladder = sources.flatMap(unanswered)
const arrived = [...sources, ...ladder]

const partsOf = (matcher: string) => {
  const [, label = '', operator = '', value = ''] = matcher.match(/^(\w+)(=~|!~|!=|=)"(.*)"$/) ?? []
  if (!operator) throw new Error(`cannot read the matcher ${matcher}`)
  return { label, operator, value }
}
const isMatch = (matcher: string, labels: Labels) => {
  const { label, operator, value } = partsOf(matcher)
  // Alertmanager takes a label that is missing for an empty one.
  const has = labels[label] ?? ''
  const same = operator.includes('~') ? new RegExp(`^(?:${value})$`).test(has) : has === value
  return same === operator.startsWith('=')
}
const allMatch = (matchers: readonly string[], labels: Labels) => matchers.every((one) => isMatch(one, labels))

const holdsBack = ({ source, target, equal }: Inhibition, cause: Labels, labels: Labels) =>
  allMatch(source, cause) &&
  allMatch(target, labels) &&
  equal.every((label) => (labels[label] ?? '') === (cause[label] ?? ''))

const heldBackBy = (inhibition: Inhibition) => {
  const causes = sources.filter((labels) => allMatch(inhibition.source, labels))
  return arrived.filter((labels) => causes.some((cause) => holdsBack(inhibition, cause, labels)))
}

const named = inhibitions.map((one) => [`${one.source.join(', ')} holds back ${one.target.join(', ')}`, one] as const)

describe.each(named)('%s', (_words, inhibition) => {
  const held = heldBackBy(inhibition)

  test('which can fire, both of them', () => {
    expect(sources.some((labels) => allMatch(inhibition.source, labels))).toBe(true)
    expect(held).not.toEqual([])
  })

  test('by no label that both lack', () => {
    for (const labels of held) {
      for (const label of inhibition.equal) expect(labels[label]).not.toBeUndefined()
    }
  })

  test('and not itself, nor the heartbeat, nor the ladder of the cause', () => {
    const causes = sources.filter((labels) => allMatch(inhibition.source, labels))
    const own = [...causes, ...causes.flatMap(unanswered)].map((one) => JSON.stringify(one))
    expect(held.filter((labels) => own.includes(JSON.stringify(labels)))).toEqual([])
    expect(held.filter(({ alertname }) => alertname === heartbeatRoute.alertname)).toEqual([])
  })

  test('by names and values that there are', () => {
    const known = (label: string) => new Set(arrived.map((labels) => labels[label]))
    const names = new Set(everyAlert.map(({ alert }) => alert))
    for (const { label, operator, value } of [...inhibition.source, ...inhibition.target].map(partsOf)) {
      if (label === 'alertname' || label === 'source_alert') {
        expect(value.split('|').filter((name) => !names.has(name))).toEqual([])
      } else if (operator === '=' && value !== '') {
        expect(known(label)).toContain(value)
      }
    }
  })
})

describe('what is held back', () => {
  const held = inhibitions.flatMap(heldBackBy)

  test.each([
    ['PostgresConnectionsNearLimit', 'main'],
    ['RedisMemoryNearLimit', 'cache'],
  ])('is %s of %s, while its server is down', (alertname, instance) => {
    expect(held).toContainEqual(expect.objectContaining({ alertname, instance }))
  })

  test.each(['6h', '1d', '3d'])('is the slower burn of the same promise over %s', (window) => {
    expect(held).toContainEqual(expect.objectContaining({ slo: 'http_latency', slo_window: window }))
  })

  test('is held back with what tells that nobody responds to it, and nothing else of that is', () => {
    const withStep = (labels: Labels) => labels.step !== undefined
    const before = distinct(held.filter((one) => !withStep(one)))
    const after = distinct(held.filter(withStep)).map((one) => JSON.stringify(one))
    expect(after.sort()).toEqual(
      before
        .flatMap(unanswered)
        .map((one) => JSON.stringify(one))
        .sort(),
    )
  })

  test('is never loss of data, nor a certificate, nor what tells of the host or of those that watch', () => {
    const watching = alertsOf(stackGroups).filter(({ alert }) =>
      /^(?:Prometheus|Alertmanager|Host|Incident)/.test(alert),
    )
    const never = new Set([...neverHeldBack, ...watching].map(({ alert }) => alert))
    expect(never.size).toBeGreaterThan(30)
    expect(held.filter(({ alertname = '', source_alert: of = alertname }) => never.has(of))).toEqual([])
  })

  test('is critical only while one of the three is down, or all of it, or just was', () => {
    const critical = inhibitions.filter((one) => heldBackBy(one).some(({ severity }) => severity === 'critical'))
    expect([...new Set(critical.map(({ source }) => source[0]))].sort()).toEqual([
      'alertname="ApiDown"',
      'alertname="OutageAftermath"',
      'alertname="PostgresDown"',
      'alertname="RedisDown"',
      'alertname="SystemDown"',
    ])
  })
})

describe('one outage is one page', () => {
  const of = (...names: readonly string[]) => {
    const lacking = names.filter((name) => !sources.some(({ alertname }) => alertname === name))
    if (lacking.length > 0) throw new Error(`no case has ${lacking.join(', ')}`)
    return sources.filter(({ alertname = '' }) => names.includes(alertname))
  }
  const here = (labels: Labels) => ['api', 'main', 'cache', undefined].includes(labels.instance)
  /** Whom anybody is told of, of all that fires. */
  const told = (fires: readonly Labels[]) => {
    const all = [...fires, ...fires.flatMap(unanswered)].filter(here)
    return distinct(
      all.filter((one) => !inhibitions.some((rule) => fires.some((cause) => holdsBack(rule, cause, one)))),
    )
  }
  const page = (name: string) => of(name).flatMap((one) => [one, ...unanswered(one)])

  const burning = of(
    'HttpAvailabilityBudgetBurn',
    'HttpLatencyBudgetBurn',
    'ReservationSuccessBudgetBurn',
    'ApiReachableBudgetBurn',
  )
  const inside = burning.filter(({ slo }) => slo !== 'api_reachable')
  const check = (name: string): readonly Labels[] =>
    of('HealthCheckFailing').map((labels) => ({ ...labels, check: name }))
  const ofApi = [
    ...of('ApiDown', 'HttpAvailabilityUnknown', 'HttpLatencyUnknown', 'ReservationSuccessUnknown', 'HttpTrafficGone'),
    ...of('RestartGaveUp'),
    ...of('JobFailing').filter(({ job_name }) => job_name === 'restart'),
    ...of('ReservationsStopped', 'PaymentsStopped', 'WorkersSilent', 'ServiceRestarting', 'ReservationCleanupOverdue'),
    ...of('TargetDown').filter(({ job }) => job === 'api'),
    ...burning,
  ]
  const ofPostgres: readonly Labels[] = [
    ...of('PostgresDown', 'ReservationsUnread', 'CollectorFailing', 'SurveyStale', 'HttpRouteFailing', 'HttpRouteSlow'),
    ...of('HttpRequestsPilingUp', 'HttpRequestsAbandoned', 'ClientPoolWaiting', 'ClientPoolFull', 'LogErrorsSurging'),
    ...of('ServiceErrors', 'ReservationsStopped', 'PaymentsFailing', 'PaymentsStopped'),
    ...check('database'),
    ...inside,
  ].filter(({ job }) => job !== 'redis')
  const ofRedis = [
    ...of('RedisDown', 'RedisClientLost', 'RedisNoMaster', 'HttpRouteFailing', 'HttpRouteSlow', 'HttpRefusalsSurging'),
    ...of('HttpClientErrorsSurging', 'LogErrorsSurging'),
    ...check('redis'),
    ...inside,
  ]

  test.each([
    ['the API', ofApi, 'ApiDown'],
    ['PostgreSQL', ofPostgres, 'PostgresDown'],
    ['Redis', ofRedis, 'RedisDown'],
    [
      'everything',
      [...of('SystemDown', 'TargetDown').filter(({ job }) => job !== 'node'), ...ofApi, ...ofPostgres, ...ofRedis],
      'SystemDown',
    ],
  ])('of %s', (_what, fires, alertname) => {
    expect(told(fires)).toEqual(page(alertname))
  })

  test.each([
    ['ApiDown', burning],
    [
      'PostgresDown',
      [...inside, ...of('HttpRouteFailing', 'ClientPoolFull', 'LogErrorsSurging'), ...check('database')],
    ],
    ['RedisDown', [...inside, ...of('HttpRouteFailing', 'RedisClientLost'), ...check('redis')]],
    ['SystemDown', burning],
  ])('and none when %s has ended, but not what it brought with it', (cause, fires) => {
    const aftermath = { alertname: silentRoute.alertname, cause, pace: '14.4' }
    expect(told([...fires, aftermath])).toEqual([aftermath])
  })

  const ofJob = (name: string, job: string) => of(name).filter(({ job_name }) => job_name === job)
  const ofKind = (name: string, ...kinds: readonly string[]) => of(name).filter(({ kind = '' }) => kinds.includes(kind))
  const inFolder = (fires: readonly Labels[]) => {
    const all = [...fires, ...fires.flatMap(unanswered)]
    return distinct(
      all.filter((one) => !inhibitions.some((rule) => fires.some((cause) => holdsBack(rule, cause, one)))),
    )
  }
  test.each<readonly [string, readonly Labels[], readonly Labels[]]>([
    [
      'the scheduler of the jobs',
      [
        ...of(
          'JobSchedulerGone',
          'JobOverdue',
          'BackupStale',
          'FileBackupStale',
          'ConfigurationBackupStale',
          'RestoreUntested',
        ),
      ],
      of('JobSchedulerGone'),
    ],
    [
      'a backup that fails',
      [
        ...ofJob('BackupFailing', 'backup').slice(0, 1),
        ...of('BackupStale'),
        ...ofKind('BackupMissing', 'database', 'redis'),
      ],
      ofJob('BackupFailing', 'backup').slice(0, 1),
    ],
    [
      'a backup of files that fails',
      [...ofJob('BackupFailing', 'backup-files'), ...of('FileBackupStale'), ...ofKind('BackupMissing', 'files')],
      ofJob('BackupFailing', 'backup-files'),
    ],
    [
      'a backup that hangs until there is none of today',
      [
        ...of('BackupStale'),
        ...ofJob('JobHanging', 'backup'),
        ...ofJob('JobOvertime', 'backup'),
        ...ofJob('JobOverdue', 'backup'),
      ],
      of('BackupStale'),
    ],
    [
      'a job that hangs beyond its time',
      ofJob('JobHanging', 'backup').concat(ofJob('JobOvertime', 'backup')),
      ofJob('JobHanging', 'backup'),
    ],
    [
      'a restore that finds faults',
      [...of('RestoreTestFoundFaults').slice(0, 1), ...of('RestoreTestFailing', 'RestoreUntested')],
      of('RestoreTestFoundFaults').slice(0, 1),
    ],
    ['a restart that gave up', [...of('RestartGaveUp'), ...ofJob('JobFailing', 'restart')], of('RestartGaveUp')],
    [
      'an update that left the schema ahead',
      [...of('UpdateSchemaAhead', 'UpdateRolledBack'), ...ofJob('JobFailing', 'update')],
      of('UpdateSchemaAhead'),
    ],
    [
      'an audit of which a check could not run',
      [...of('AuditCheckNotRun').slice(0, 1), ...ofJob('JobFailing', 'security-audit')],
      of('AuditCheckNotRun').slice(0, 1),
    ],
  ])('of %s', (_what, fires, tells) => {
    expect(inFolder(fires)).toEqual([...tells, ...tells.flatMap(unanswered)])
  })

  test('and a backup of one kind that fails says nothing of another', () => {
    const fires = [...ofJob('BackupFailing', 'backup-files'), ...of('BackupStale')]
    expect(inFolder(fires).filter(({ alertname }) => alertname === 'BackupStale')).toEqual(of('BackupStale'))
  })

  test('of an exporter', () => {
    const down = of('TargetDown').filter(({ job = '' }) => ['exporter', 'postgres'].includes(job))
    expect(down).toHaveLength(2)
    const first = [...down, ...down.flatMap(unanswered)].filter(
      (one) => !inhibitions.some((rule) => down.some((cause) => holdsBack(rule, cause, one))),
    )
    expect(first.map(({ job }) => job)).toEqual(['exporter', 'exporter', 'exporter'])
  })

  test('and what else happens meanwhile is told all the same', () => {
    const fires = of('SystemDown', 'ApiDown', 'PostgresDown', 'RedisDown', 'HostDiskNearlyFull', 'PostgresSplitBrain')
    const names = new Set(
      fires
        .filter((one) => !inhibitions.some((rule) => fires.some((cause) => holdsBack(rule, cause, one))))
        .map(({ alertname }) => alertname),
    )
    expect([...names].sort()).toEqual(['HostDiskNearlyFull', 'PostgresSplitBrain', 'SystemDown'])
  })
})
