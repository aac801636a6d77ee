import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { parse } from 'yaml'
import { type Stack, startStack } from '../../../compose/stack.ts'
import { plainYaml } from '../../../compose/yaml.ts'
import { type Env, readEnv } from '../../../config/env.ts'
import { type Receivers, startReceivers } from '../../integration/receivers.ts'
import { forReceivers, password, type Written } from '../ladder/addresses.ts'
import { fasterGroups, fasterRoutes, groupsIn, type Pace, type WrittenGroup, type WrittenRule } from '../ladder/pace.ts'
import type { Place } from './scenarios.ts'

/** The stack of `npm start`, whose channels lead to receivers of tests, where times pass faster. */
export interface Stand extends Place {
  readonly prometheus: string
  readonly alertmanager: string
  readonly receivers: Receivers
  end(): Promise<void>
}

const secretNames = ['pagerduty_routing_key', 'pagerduty_escalation_key', 'slack_webhook_url', 'smtp_password'] as const

const writeSecrets = (folder: string) => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const name of secretNames) writeFileSync(join(folder, name), password, { mode: 0o600 })
}

const rewrite = (path: string, change: (text: string) => string) =>
  writeFileSync(path, change(readFileSync(path, 'utf8')))

const ladderFile = 'escalation.yml'

/** The month of a stack that is minutes old has minutes: whatever happens uses its budget up, which no outage of minutes does. */
const isOfMonth = ({ alert = '' }: WrittenRule) => alert.endsWith('BudgetExhausted')

const lasting = (groups: readonly WrittenGroup[]): readonly WrittenGroup[] =>
  groups
    .map((group) => ({ ...group, rules: group.rules.filter((rule) => !isOfMonth(rule)) }))
    .filter(({ rules }) => rules.length > 0)

const hasten = (folder: string, pace: Pace) => {
  const home = join(folder, 'config/prometheus')
  for (const file of readdirSync(join(home, 'rules'))) {
    rewrite(join(home, 'rules', file), (text) =>
      plainYaml({ groups: fasterGroups(pace, lasting(groupsIn(text)), { numbersAreSeconds: file === ladderFile }) }),
    )
  }
  rewrite(join(home, 'prometheus.yml'), (text) => {
    const { global, ...rest }: { readonly global: Readonly<Record<string, string>> } = parse(text)
    const faster = Object.entries(global).map(([name, duration]) => [name, pace.duration(duration)])
    return plainYaml({ global: Object.fromEntries(faster), ...rest })
  })
}

const lead = (folder: string, stack: Stack, pace: Pace, receivers: Receivers) =>
  rewrite(join(folder, 'config/alertmanager/alertmanager.yml'), (text) => {
    const written: Written = parse(fasterRoutes(pace, text))
    const kept = [`http://${stack.deployment.incidents}`]
    return plainYaml(forReceivers(written, receivers, { secrets: join(folder, 'led'), kept }))
  })

const readAgain = (stack: Stack, name: string) => {
  const found = stack.components.find((one) => one.parts[0].name === name)
  if (!found) throw new Error(`the stack has no ${name}`)
  process.kill(found.running.pid, 'SIGHUP')
}

const isFree = (port: number) =>
  new Promise<boolean>((told) => {
    const server = createServer().once('error', () => told(false))
    server.listen(port, '127.0.0.1', () => server.close(() => told(true)))
  })

/** Below those that connections take: a port that is free stays so until it is its turn, and while its server is away. */
const [lowest, ports] = [10_000, 20_000] as const

const calmPort = async (): Promise<number> => {
  const port = lowest + Math.floor(Math.random() * ports)
  return (await isFree(port)) ? port : calmPort()
}

const onCalmPorts = async (given: Readonly<Record<string, string>>): Promise<Env> => {
  const names = Object.keys(readEnv({})).filter((name) => name.endsWith('_PORT'))
  const found = await Promise.all(names.map(async (name) => [name, String(await calmPort())] as const))
  return readEnv({ ...Object.fromEntries(found), ...given })
}

let starting: Promise<unknown> = Promise.resolve()

/** One after the other: to start one takes all processors. */
const startedInTurn = (folder: string, authorityFile: string): Promise<Stack> => {
  const started = starting.then(async () => {
    // Programs of Go trust the relay of tests by it: they are started by us, and inherit it.
    process.env.SSL_CERT_FILE = authorityFile
    const env = await onCalmPorts({ TRAFFIC_RATE: '5', SECRETS_DIR: join(folder, 'secrets') })
    return startStack({ env, folder, jobs: false, say: () => undefined, signal: new AbortController().signal })
  })
  starting = started.catch(() => undefined)
  return started
}

/** @param folder an empty folder */
export const openStand = async (folder: string, pace: Pace): Promise<Stand> => {
  const receivers = await startReceivers({ password })
  writeSecrets(join(folder, 'secrets'))
  const stack = await startedInTurn(folder, receivers.authorityFile).catch(async (failure: unknown) => {
    await receivers.close()
    throw failure
  })
  hasten(folder, pace)
  lead(folder, stack, pace, receivers)
  for (const one of ['Prometheus', 'Alertmanager']) readAgain(stack, one)
  const { prometheus, alertmanager } = stack.deployment
  return {
    stack,
    folder,
    receivers,
    prometheus: `http://${prometheus}`,
    alertmanager: `http://${alertmanager}`,
    end: async () => {
      await stack.stop()
      await receivers.close()
    },
  }
}
