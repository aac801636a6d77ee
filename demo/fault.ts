import { setTimeout as delay } from 'node:timers/promises'
import { readEnv } from '../config/env.ts'
import { longestSeconds } from './fault-control.ts'
import { apiFaults, processFaults } from './faults.ts'
import { pause, processesOf, resume } from './pause.ts'

const usualSeconds = 900
const say = (line: string) => console.log(line)

const usage = () => {
  const all = Object.entries({ ...apiFaults, ...processFaults })
  const lines = all.map(([name, { does, expect }]) => `  ${name.padEnd(18)}${does}\n${' '.repeat(20)}-> ${expect}`)
  return `npm run fault -- NAME [SECONDS]   (${usualSeconds} s unless given; Ctrl-C ends it)\n\n${lines.join('\n')}`
}

const isKey = <T extends object>(name: string, table: T): name is Extract<keyof T, string> => Object.hasOwn(table, name)

const run = async ([name = '', given]: readonly string[]) => {
  const seconds = given === undefined ? usualSeconds : Number(given)
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > longestSeconds) {
    throw new Error(`${given} is no time: write whole seconds, from 1 to ${longestSeconds}`)
  }
  if (isKey(name, apiFaults)) return breakApi(name, seconds)
  if (isKey(name, processFaults)) return breakProcess(name, seconds)
  say(name === '' ? usage() : `There is no fault ${name}.\n\n${usage()}`)
  if (name !== '') process.exitCode = 1
}

const breakApi = async (name: keyof typeof apiFaults, seconds: number) => {
  const url = `http://127.0.0.1:${readEnv().API_PORT}/faults`
  await ask(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, seconds }),
  })
  const undo = () => ask(`${url}/${name}`, { method: 'DELETE' })
  await last(name, seconds, apiFaults[name], undo)
}

const breakProcess = async (name: keyof typeof processFaults, seconds: number) => {
  const { process: server, ...words } = processFaults[name]
  const pids = processesOf(server)
  if (!pids) {
    throw new Error(
      `npm start runs no ${server} here. In Docker, pause its container: ` +
        `docker compose pause ${server}, and later docker compose unpause ${server}`,
    )
  }
  pause(pids)
  say(`Should this be killed before it can end the fault: kill -CONT ${pids.toReversed().join(' ')}`)
  await last(name, seconds, words, async () => resume(pids))
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

run(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
})
