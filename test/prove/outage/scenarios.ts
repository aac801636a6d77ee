import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Stack } from '../../../compose/stack.ts'
import { pause, processesOf, resume } from '../../../demo/pause.ts'

/** Where a fault is brought about. */
export interface Place {
  readonly stack: Stack
  readonly folder: string
}

export interface Scenario {
  /** Of one word, as it is asked for. */
  readonly name: string
  readonly fault: string
  /** The alerts of which somebody is told for the first time, each once. */
  readonly pages: readonly string[]
  bring(place: Place): Promise<() => Promise<void>>
}

const parts = {
  api: { name: 'Demo API', pidFile: 'demo' },
  database: { name: 'PostgreSQL', pidFile: 'postgres' },
  cache: { name: 'Redis', pidFile: 'redis' },
  host: { name: 'Node exporter', pidFile: 'node-exporter' },
  judge: { name: 'Prometheus', pidFile: 'prometheus' },
} as const
type PartName = keyof typeof parts

const component = ({ stack }: Place, part: PartName) => {
  const found = stack.components.find((one) => one.parts[0].name === parts[part].name)
  if (!found) throw new Error(`the stack has no ${parts[part].name}`)
  return found
}

const pidsOf = ({ folder }: Place, part: PartName) => {
  const pids = processesOf(parts[part].pidFile, folder)
  if (!pids) throw new Error(`${parts[part].name} does not run`)
  return pids
}

/** As a machine that hangs: connections are taken, and nothing answers. */
const paused =
  (...names: readonly PartName[]) =>
  async (place: Place) => {
    const pids = names.flatMap((name) => pidsOf(place, name))
    pause(pids)
    return async () => resume(pids)
  }

/** As a machine that burns: connections are refused. */
const killed =
  (...names: readonly PartName[]) =>
  async (place: Place) => {
    for (const pid of names.flatMap((name) => pidsOf(place, name))) process.kill(pid, 'SIGKILL')
    const order = names.toSorted((one, other) => Number(one === 'api') - Number(other === 'api'))
    return async () => {
      for (const name of order) await component(place, name).restart()
    }
  }

/** Two sides of which several match. */
const failingRule = `
  - name: failing
    rules:
      - record: failing
        expr: up * on (nothing) up
`

/** Something else at the same time: a rule fails, and a program of the stack hangs. */
const withOtherFaults =
  (bring: Scenario['bring']): Scenario['bring'] =>
  async (place) => {
    appendFileSync(join(place.folder, 'config/prometheus/rules/stack.yml'), failingRule)
    process.kill(component(place, 'judge').running.pid, 'SIGHUP')
    const ends = [await bring(place), await paused('host')(place)]
    return async () => {
      for (const end of ends) await end()
    }
  }

export const scenarios: readonly Scenario[] = [
  {
    name: 'hang',
    fault: 'API, PostgreSQL and Redis hang at once (SIGSTOP)',
    pages: ['SystemDown'],
    bring: paused('api', 'database', 'cache'),
  },
  {
    name: 'crash',
    fault: 'API, PostgreSQL and Redis are killed at once (SIGKILL), and started again',
    pages: ['SystemDown'],
    bring: killed('api', 'database', 'cache'),
  },
  { name: 'database', fault: 'PostgreSQL hangs (SIGSTOP)', pages: ['PostgresDown'], bring: paused('database') },
  { name: 'cache', fault: 'Redis hangs (SIGSTOP)', pages: ['RedisDown'], bring: paused('cache') },
  { name: 'api', fault: 'the API hangs (SIGSTOP)', pages: ['ApiDown'], bring: paused('api') },
  {
    name: 'unrelated',
    fault: 'API, PostgreSQL and Redis hang at once; meanwhile a rule fails, and the node exporter hangs',
    pages: ['SystemDown', 'PrometheusRuleFailing', 'TargetDown'],
    bring: withOtherFaults(paused('api', 'database', 'cache')),
  },
]
