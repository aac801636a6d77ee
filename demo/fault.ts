import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { readEnv } from '../config/env.ts'
import { compose, isInContainer } from './containers.ts'
import { longestSeconds } from './fault-control.ts'
import { type ApiFault, apiFaults, processFaults } from './faults.ts'
import { pause, processesOf, resume } from './pause.ts'

const usualSeconds = 900
const say = (line: string) => console.log(line)

const usage = () => {
  const all = Object.entries({ ...apiFaults, ...processFaults })
  const lines = all.map(([name, { does, expect }]) => `  ${name.padEnd(18)}${does}\n${' '.repeat(20)}-> ${expect}`)
  return `npm run fault -- NAME [SECONDS]   (${usualSeconds} s unless given; Ctrl-C ends it)\n\n${lines.join('\n')}`
}

const isKey = <T extends object>(name: string, table: T): name is Extract<keyof T, string> => Object.hasOwn(table, name)

const run = async () => {
  // Without waiting: for whoever switches faults from outside the container in which the API listens to loopback only.
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { start: { type: 'boolean' }, end: { type: 'boolean' } },
  })
  const [name = '', given] = positionals
  const seconds = given === undefined ? usualSeconds : Number(given)
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > longestSeconds) {
    throw new Error(`${given} is no time: write whole seconds, from 1 to ${longestSeconds}`)
  }
  if (isKey(name, apiFaults)) {
    if (values.start) return overHttp.start(name, seconds)
    if (values.end) return overHttp.end(name)
    return breakApi(name, seconds)
  }
  if (isKey(name, processFaults)) return breakProcess(name, seconds)
  say(name === '' ? usage() : `There is no fault ${name}.\n\n${usage()}`)
  if (name !== '') process.exitCode = 1
}

/** A way to the API's faults. */
interface Switch {
  start(name: ApiFault, seconds: number): Promise<void>
  end(name: ApiFault): Promise<void>
}

const faultsUrl = () => `http://127.0.0.1:${readEnv().API_PORT}/faults`

const overHttp: Switch = {
  start: (name, seconds) =>
    ask(faultsUrl(), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, seconds }),
    }),
  end: (name) => ask(`${faultsUrl()}/${name}`, { method: 'DELETE' }),
}

const inContainer = (...args: readonly string[]) =>
  compose(['exec', '-T', 'api', 'node', 'dist/demo/fault.js', ...args]).then(() => undefined)

const overCompose: Switch = {
  start: (name, seconds) => inContainer(name, String(seconds), '--start'),
  end: (name) => inContainer(name, '--end'),
}

/** To an API in a container this machine is a stranger, who may not switch faults: it takes them from inside only. */
const findSwitch = async (): Promise<Switch> => {
  const answer = await fetch(faultsUrl(), { signal: AbortSignal.timeout(5_000) }).catch(() => undefined)
  return !answer?.ok && (await isInContainer('api')) ? overCompose : overHttp
}

const breakApi = async (name: ApiFault, seconds: number) => {
  const { start, end } = await findSwitch()
  await start(name, seconds)
  await last(name, seconds, apiFaults[name], () => end(name))
}

const breakProcess = async (name: keyof typeof processFaults, seconds: number) => {
  const { process: server, service, ...words } = processFaults[name]
  const [pauseIt, resumeIt] = [`docker compose pause ${service}`, `docker compose unpause ${service}`]
  const pids = processesOf(server)
  if (pids) {
    pause(pids)
    say(`Should this be killed before it can end the fault: kill -CONT ${pids.toReversed().join(' ')}`)
    return last(name, seconds, words, async () => resume(pids))
  }
  if (!(await isInContainer(service))) {
    throw new Error(
      `npm start runs no ${server} here. In Docker, pause its container: ${pauseIt}, and later ${resumeIt}`,
    )
  }
  await compose(['pause', service])
  say(`Should this be killed before it can end the fault: ${resumeIt}`)
  await last(name, seconds, words, async () => {
    await compose(['unpause', service])
  })
}

/** Waits until the time is over or somebody ends it, and clears the fault in both cases. */
const last = async (
  name: string,
  seconds: number,
  { does, expect }: { readonly does: string; readonly expect: string },
  undo: () => Promise<void>,
) => {
  const asked = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => asked.abort())
  say(`${name}: ${does}.\nExpect ${expect}.\nIt ends in ${seconds} s, or with Ctrl-C.`)
  await delay(seconds * 1_000, undefined, { signal: asked.signal }).catch(() => undefined)
  await undo()
  say(`${name} is cleared.`)
}

const ask = async (url: string, request: RequestInit) => {
  const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(60_000) }).catch((cause: unknown) => {
    throw new Error(`${url} does not answer: is the demo running (npm start)?`, { cause })
  })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`)
}

run().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
})
