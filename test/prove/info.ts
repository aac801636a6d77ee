import { readdirSync, readFileSync } from 'node:fs'
import { printed } from '../../exporters/exposition.ts'
import { isTable, type Reading } from '../../exporters/reading.ts'
import { redisCollectors } from '../../exporters/redis/index.ts'
import { parseInfo, type Redis } from '../../exporters/redis/source.ts'
import { spreadOf } from '../bench/measure.ts'
import { type Dice, diceOf } from './dice.ts'
import type { Proof } from './proof.ts'

const folder = new URL('./info/', import.meta.url)
/** Answers to `INFO everything`, recorded from a primary and a replica of each release. Servers end lines in CRLF. */
export const recorded: ReadonlyMap<string, string> = new Map(
  readdirSync(folder).map((file) => [file, readFileSync(new URL(file, folder), 'utf8').replaceAll('\n', '\r\n')]),
)

const huge = [
  '9'.repeat(400),
  '-9223372036854775808',
  '1e999',
  '-1e-999',
  '0x1F',
  '1_000',
  'NaN',
  '-nan',
  'inf',
  '1e308',
]
const odd = [
  ...huge,
  '',
  ' ',
  '=',
  ',',
  ':',
  '::',
  '\0',
  '\r',
  '\n',
  '#',
  '%',
  '-',
  '.',
  '__proto__',
  'constructor',
  'p50=',
]
const binary = (dice: Dice) =>
  String.fromCharCode(...Array.from({ length: 1 + dice.below(40) }, () => dice.below(0x10000)))

type Mutation = (text: string, dice: Dice) => string
const splice = (text: string, at: number, length: number, more: string) =>
  text.slice(0, at) + more + text.slice(at + length)
const byLine =
  (change: (lines: readonly string[], at: number, dice: Dice) => readonly string[]): Mutation =>
  (text, dice) => {
    const lines = text.split('\r\n')
    return change(lines, dice.below(lines.length), dice).join('\r\n')
  }

const mutations: readonly Mutation[] = [
  (text, dice) => {
    const at = dice.below(text.length)
    return splice(text, at, 1, String.fromCharCode(text.charCodeAt(at) ^ (1 << dice.below(8))))
  },
  (text, dice) => text.slice(0, dice.below(text.length + 1)),
  (text, dice) => text.slice(dice.below(text.length + 1)),
  (text, dice) => splice(text, dice.below(text.length), 0, binary(dice)),
  (text, dice) => splice(text, dice.below(text.length), 1 + dice.below(20), dice.one(odd)),
  // A number, wherever there is one, becomes another.
  (text, dice) => {
    const from = dice.below(text.length)
    return text.slice(0, from) + text.slice(from).replace(/\d+(?:\.\d+)?/, dice.one(huge))
  },
  byLine((lines, at) => lines.toSpliced(at, 0, lines[at] ?? '')),
  byLine((lines, at, dice) => lines.toSpliced(dice.below(lines.length), 0, lines[at] ?? '')),
  byLine((lines, at) => lines.toSpliced(at, 1)),
  byLine((lines, at, dice) => lines.with(at, `${(lines[at] ?? '').split(':')[0]}:${dice.one(odd)}`)),
  byLine((lines, at, dice) => lines.with(at, (lines[at] ?? '').replace(/[=,:]/, dice.one(odd)))),
]

/** One of the recorded answers, changed in up to five places. */
const mutated = (dice: Dice) => {
  let text = dice.one([...recorded.values()])
  for (let left = 1 + dice.below(5); left > 0 && text !== ''; left -= 1) text = dice.one(mutations)(text, dice)
  return text
}

const name = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const label = `${name}="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"`
const number = '(?:[+-]Inf|NaN|-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d{1,3})?)'
const line = new RegExp(`^(${name}(?:\\{${label}(?:,${label})*\\})?) ${number}$`)

/** What Prometheus would refuse, or take for one series twice. */
export const wireFaults = (readings: readonly Reading[]): readonly string[] => {
  const seen = new Set<string>()
  return [...printed(readings, { open: false })]
    .join('')
    .split('\n')
    .filter((one) => one !== '' && !one.startsWith('# '))
    .flatMap((one) => {
      const series = line.exec(one)?.[1]
      if (series === undefined) return [`no line of the text format: ${one}`]
      if (seen.has(series)) return [`twice: ${series}`]
      seen.add(series)
      return []
    })
}

/** No server counts to NaN, or beyond a float. */
const unreal = (read: readonly Reading[]) =>
  read.flatMap((one) => (isTable(one) || Number.isFinite(one.value) ? [] : [`${one.metric.name} is ${one.value}`]))

/** An error that was thrown on purpose has words of ours: those of the language tell of a slip. */
const isSlip = (failure: unknown) =>
  !(failure instanceof Error) || failure.constructor !== Error || failure.message === ''

const replies = (dice: Dice): unknown => {
  if (dice.below(2) === 0) throw new Error('ERR unknown command')
  return dice.one([[], 'OK', null, 7, '', {}, [null, 'x', [1, ['y']]], [['GET', 1, -5, 'x']], ['maxmemory', '1e999']])
}

export interface Survived {
  readonly answers: number
  readonly series: number
  /** Errors that collectors threw on purpose. */
  readonly told: number
  readonly faults: readonly string[]
  readonly milliseconds: readonly number[]
}

/** Reads `answers` mutated answers by every collector, as one exporter would that is never started anew. */
export const survive = async (answers: number, seed: number): Promise<Survived> => {
  const dice = diceOf(seed)
  const collectors = redisCollectors()
  const never = new AbortController().signal
  const faults: string[] = []
  const milliseconds: number[] = []
  let [series, told] = [0, 0]
  for (let answer = 0; answer < answers; answer += 1) {
    const text = mutated(dice)
    const start = performance.now()
    const info = parseInfo(text)
    const reader: Redis = { info: async () => info, ask: async () => replies(dice), failed: () => undefined }
    const outcomes = await Promise.allSettled(collectors.map(async ({ collect }) => collect(reader, never)))
    milliseconds.push(performance.now() - start)
    const read = outcomes.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
    const thrown = outcomes.flatMap((one, at) => {
      return one.status === 'rejected' ? [{ by: collectors[at]?.name, failure: one.reason }] : []
    })
    const slips = thrown.filter(({ failure }) => isSlip(failure))
    series += read.length
    told += thrown.length - slips.length
    faults.push(
      ...slips.map(({ by, failure }) => `answer ${answer}: ${by} threw ${failure}`),
      ...[...unreal(read), ...wireFaults(read)].map((fault) => `answer ${answer}: ${fault}`),
    )
  }
  return { answers, series, told, faults, milliseconds }
}

const seeds = [1, 2, 3, 4] as const
const answersOfSeed = 25_000

export const infoProof: Proof = {
  title: 'Mutated answers to INFO',
  says: `Answers to \`INFO everything\`, recorded from ${recorded.size} servers (Redis 6 to 8 and Valkey 8, primary and replica), with bits
turned, ends cut off, lines doubled, moved and lost, numbers beyond every bound and binary in between, are read by all collectors
of Redis. Other commands are refused, or answered with what no server says. A fault is a line that Prometheus would not read, a series that
is there twice, a value that is no finite number, or an error that was not thrown on purpose.`,
  columns: ['seed', 'answers', 'series', 'errors told', 'faults', 'median ms', 'p95 ms'],
  prove: async (say) => {
    const rows: (readonly (string | number)[])[] = []
    const faults: string[] = []
    for (const seed of seeds) {
      const { answers, series, told, faults: found, milliseconds } = await survive(answersOfSeed, seed)
      const { median, p95 } = spreadOf(milliseconds)
      rows.push([seed, answers, series, told, found.length, median.toFixed(2), p95.toFixed(2)])
      faults.push(...found.map((fault) => `seed ${seed}, ${fault}`))
      say(`${answers} answers of seed ${seed}: ${found.length} faults`)
    }
    return { rows, faults }
  },
}
