import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Running, startProcess } from '../../../compose/local/process.ts'
import { freePort } from '../../integration/servers.ts'
import { bundleOurs } from '../contestants.ts'

export type Framework = 'fastify' | 'express'

/** One way to instrument a service: a program of its own. */
export interface Contestant {
  readonly name: string
  readonly program: string
  /** The program's second argument. */
  readonly options?: object
  /** A program that is loaded before it, and serves the metrics on a port of its own. */
  readonly preload?: string
  /** The family in its metrics that counts each request once. Nothing for the one that counts none. */
  readonly counts?: string
}

const duration = 'http_request_duration_seconds_count'
const histogramOnly = { routeMetrics: { enabled: { histogram: true, summary: false } } }

/** The bare service first: the others are told as ratios to it. */
export const contestants: Readonly<Record<Framework, readonly Contestant[]>> = {
  fastify: [
    { name: 'bare', program: 'fastify-bare' },
    { name: 'limit', program: 'fastify-limit', counts: 'requests_total' },
    { name: 'ours', program: 'fastify-ours', counts: 'http_requests_total' },
    { name: 'prom-client by hand', program: 'fastify-prom-client', counts: 'http_requests_total' },
    {
      name: 'fastify-metrics, histogram only',
      program: 'fastify-metrics',
      options: histogramOnly,
      counts: duration,
    },
    { name: 'fastify-metrics', program: 'fastify-metrics', counts: duration },
    {
      name: 'OpenTelemetry',
      program: 'fastify-bare',
      preload: 'opentelemetry',
      counts: 'http_server_request_duration_count',
    },
  ],
  express: [
    { name: 'bare', program: 'express-bare' },
    { name: 'ours', program: 'express-ours', counts: 'http_requests_total' },
    { name: 'express-prom-bundle', program: 'express-prom-bundle', counts: duration },
  ],
}

/** Programs as one file of JavaScript each: tsx would be measured along. */
export const bundles = () => {
  const made = new Map<string, Promise<string>>()
  return {
    of: (program: string) => {
      const known = made.get(program) ?? bundleOurs(new URL(`${program}.ts`, import.meta.url))
      made.set(program, known)
      return known
    },
    end: async () => {
      for (const bundle of await Promise.allSettled(made.values())) {
        if (bundle.status === 'fulfilled') rmSync(bundle.value, { force: true })
      }
    },
  }
}
export type Bundles = ReturnType<typeof bundles>

/** A service that listens. */
export interface Served extends Running {
  readonly port: number
  readonly metrics: string
}

export const startContestant = async (
  { name, program, options = {}, preload }: Contestant,
  { made, folder }: { readonly made: Bundles; readonly folder: string },
): Promise<Served> => {
  const [port, other] = [await freePort(), await freePort()]
  const before = preload === undefined ? [] : ['--import', await made.of(preload)]
  const running = await startProcess({
    name,
    home: join(folder, `service-${port}`),
    command: process.execPath,
    args: [...before, await made.of(program), String(port), preload ? String(other) : JSON.stringify(options)],
    env: { NODE_ENV: 'production', NODE_OPTIONS: '' },
    ready: /^listening$/m,
  })
  return { ...running, port, metrics: `http://127.0.0.1:${preload ? other : port}/metrics` }
}

/** The values of all series of a family that text in the format of Prometheus holds. */
const sumOf = (text: string, family: string) =>
  [...text.matchAll(new RegExp(`^${family}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce((sum, [, one]) => sum + Number(one), 0)

/** Requests that a contestant says it has counted. */
export const countedBy = async (metrics: string, family: string) => {
  const answer = await fetch(metrics, { signal: AbortSignal.timeout(5_000) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`could not read ${metrics}: ${answer.status} ${text}`)
  return sumOf(text, family)
}
