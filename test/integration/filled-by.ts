import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { plainYaml } from '../../compose/yaml.ts'
import type { answering } from '../../dashboards/index.ts'
import type { ApiFault } from '../../demo/faults.ts'
import { filledFor } from '../prove/panels/cost.ts'
import { clientOf } from './redis-stand.ts'
import type { Demo } from './running-demo.ts'
import { eventually } from './servers.ts'

export const queriesOf = (dashboards: typeof answering) =>
  dashboards.flatMap(({ uid, asked }) =>
    asked.map(({ panel, refId, expr, legend, emptyWhen }) => ({
      name: `${uid}: ${panel} (${refId})`,
      // Where the range is the last five minutes.
      promql: filledFor(expr, { rate: '1m', range: '5m' }),
      legend,
      emptyWhen,
    })),
  )

type Cause = (demo: Demo) => Promise<unknown>
const fault =
  (name: ApiFault): Cause =>
  (demo) =>
    demo.bringAbout(name)

/** Somebody was told. */
const isOpen = (demo: Demo, alertname: string) =>
  eventually(
    async () => (await fetch(`http://${demo.stack.deployment.incidents}/incidents`)).text(),
    (text) => text.includes(`"${alertname}"`),
    { within: 240_000, every: 1_000 },
  )

/** Somebody was told of it, and acknowledges it. */
const answered =
  (cause: Cause, alertname: string): Cause =>
  async (demo) => {
    await cause(demo)
    await isOpen(demo, alertname)
    const [startsAt, endsAt] = [0, 3_600_000].map((later) => new Date(Date.now() + later))
    const matchers = [{ name: 'alertname', value: alertname, isRegex: false, isEqual: true }]
    const answer = await fetch(`http://${demo.stack.deployment.alertmanager}/api/v2/silences`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ matchers, startsAt, endsAt, createdBy: 'ann', comment: 'on it' }),
    })
    if (!answer.ok) throw new Error(`no silence was made: ${answer.status} ${await answer.text()}`)
  }

/** Redis is down until somebody was told, comes back, and writes down what it has. */
const outage: Cause = async (demo) => {
  const redis = demo.component('Redis')
  await redis.running.stop()
  await isOpen(demo, 'RedisDown')
  await redis.restart()
  const client = clientOf(demo.owners.redis)
  try {
    await client.call('BGSAVE')
    // It waits for the save.
    await client.call('BGREWRITEAOF')
  } finally {
    client.disconnect()
  }
}

/** Prometheus writes to one that takes nothing: to itself. */
const writesElsewhere: Cause = async ({ folder, stack, component }) => {
  const url = `http://${stack.deployment.prometheus}/api/v1/write`
  appendFileSync(
    join(folder, 'config/prometheus/prometheus.yml'),
    plainYaml({ remote_write: [{ name: 'elsewhere', url }] }),
  )
  process.kill(component('Prometheus').running.pid, 'SIGHUP')
}

/** What fills a query that may find nothing, for those that the demo's usual traffic leaves empty. */
export const filledBy: Readonly<Record<string, Cause>> = {
  'Nothing fires': answered(fault('connections'), 'PostgresConnectionsNearLimit'),
  'No incident was timed': outage,
  'Nothing was saved since it started': outage,
  'No append-only file was rewritten since it started': outage,
  'Every request was answered with 2xx or 3xx, or none was counted': fault('errors'),
  'Every index was read, or the server was not scraped': fault('unused-index'),
  'Prometheus keeps everything itself: nothing is written elsewhere': writesElsewhere,
  'Nobody waits for anybody, or the server was not scraped': fault('blocked'),
  'No table is being vacuumed, or the server was not scraped': fault('slow-vacuum'),
}

/** All that has to be brought about for it. */
export const causes: ReadonlySet<Cause> = new Set(Object.values(filledBy))
