import { createRequire } from 'node:module'
import type { FastifyInstance } from 'fastify'
import { serveFastify } from './fastify-app.ts'

interface Options {
  readonly endpoint: string
}
type Plugin = (app: FastifyInstance, options: Options, done: (error?: Error) => void) => void
// Its types would add a property to every Fastify of this program.
const loaded: { readonly default: Plugin } = createRequire(import.meta.url)('fastify-metrics')

/** Its options in JSON, from the second argument. */
const options: object = JSON.parse(process.argv[3] ?? '{}')

await serveFastify((app) => app.register(loaded.default, { endpoint: '/metrics', ...options }))
