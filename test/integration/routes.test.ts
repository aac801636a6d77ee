import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { heartbeatRoute, ourDelivery, routesOf, silentRoute } from '../../alerts/routes.ts'
import { artefacts } from '../../compose/artefacts.ts'
import { composeDeployment } from '../../compose/deployment.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { run } from '../../compose/local/run.ts'
import { severities } from '../../config/sla.ts'
import { namesOf } from '../../metrics/names.ts'
import { everyAlert } from '../promtool/case.ts'

const folder = mkdtempSync(join(tmpdir(), 'routes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// The first run of a checkout fetches them: Debian's own, and one of the major that images run.
const programs = await ensurePrograms(['amtool', 'amtool-0.3'])

const { secretsDir: _, ...rest } = composeDeployment
const deployment = { ...rest, secretsDir: join(folder, 'secrets') }
for (const [path, text] of artefacts(deployment)) {
  if (!path.startsWith('alertmanager/')) continue
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}
const config = join(folder, 'alertmanager/alertmanager.yml')

/** Of every alert, each way it can go, and what each rung of its ladder looks like. */
const ways = [
  ...new Set(
    everyAlert.flatMap(({ labels }) =>
      labels.owner && labels.severity && !labels.step ? [`${labels.owner} ${labels.severity}`] : [],
    ),
  ),
].map((way) => way.split(' '))
const rung = (name: string, step: string, owner: string, severity: string) => [
  ...[`alertname=${name}`, 'source_alert=DemoDown', `step=${step}`],
  ...[`owner=${owner}`, `severity=${severity}`, 'instance=main'],
]
type Destination = readonly [labels: readonly string[], receiver: string]
const destinations: readonly Destination[] = [
  ...ways.flatMap(([owner = '', severity = '']): readonly Destination[] => [
    [['alertname=DemoDown', `owner=${owner}`, `severity=${severity}`, 'instance=main'], `${owner}-${severity}`],
    [rung('ResponseDue', 'reminder', owner, severity), `${owner}-${severity}-reminder`],
    [rung('ResponseOverdue', 'escalation', owner, severity), `escalation-${severity}`],
  ]),
  // Nobody's team: somebody takes over all the same.
  ...namesOf(severities).map(
    (severity): Destination => [rung('ResponseOverdue', 'escalation', 'nobody', severity), `escalation-${severity}`],
  ),
  [[`alertname=${heartbeatRoute.alertname}`], heartbeatRoute.receiver],
  // A heartbeat stays one, whatever else it says.
  [[`alertname=${heartbeatRoute.alertname}`, 'owner=platform', 'severity=low'], heartbeatRoute.receiver],
  [[`alertname=${silentRoute.alertname}`, 'cause=PostgresDown'], silentRoute.receiver],
  [['alertname=Unowned'], 'platform-critical'],
  [['alertname=DemoDown', 'owner=nobody', 'severity=low'], 'platform-critical'],
  [['alertname=DemoDown', 'owner=platform', 'severity=unheard'], 'platform-critical'],
  [rung('ResponseDue', 'reminder', 'nobody', 'high'), 'platform-critical'],
]

describe.each(['amtool', 'amtool-0.3'] as const)('%s', (name) => {
  const amtool = (...args: readonly string[]) => run([programs[name].path, ...args], { env: programs[name].env })

  test('accepts the configuration, with every receiver and both files of templates', async () => {
    const { code, output } = await amtool('check-config', config)
    expect(output).toContain(`${routesOf(ourDelivery).length + 2} receivers`)
    expect(output).toContain('1 templates')
    expect(output).not.toContain('FAILED')
    expect(code).toBe(0)
  })

  test.each(destinations)('sends %j to %s', async (labels, receiver) => {
    const verify = `--verify.receivers=${receiver}`
    const { code, output } = await amtool('config', 'routes', 'test', `--config.file=${config}`, verify, ...labels)
    expect(output.split('\n')).toContain(receiver)
    expect(code).toBe(0)
  })

  test('tells of a wrong one: what verifies here would not pass anything', async () => {
    const asked = ['config', 'routes', 'test', `--config.file=${config}`, '--verify.receivers=platform-low']
    const { code } = await amtool(...asked, 'owner=platform', 'severity=high')
    expect(code).not.toBe(0)
  })
})

test('every receiver is the end of some way', () => {
  const reached = new Set(destinations.map(([, receiver]) => receiver))
  const all = [heartbeatRoute.receiver, silentRoute.receiver, ...routesOf(ourDelivery).map(({ receiver }) => receiver)]
  expect(all.filter((receiver) => !reached.has(receiver))).toEqual([])
})
