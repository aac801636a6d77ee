import { randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Cache } from './cache.ts'

/** Half an hour after the last request a visitor is a new one. */
const sessionSeconds = 1_800
const wellFormed = /^[\w-]{8,64}$/

/** Keeps a session per visitor in the cache, under `session:<id>`. The id travels in the header `x-session`. */
export const keepSession =
  (cache: Cache) =>
  async ({ headers }: FastifyRequest, reply: FastifyReply) => {
    const given = headers['x-session']
    const id = typeof given === 'string' && wellFormed.test(given) ? given : randomUUID()
    await cache.set(`session:${id}`, JSON.stringify({ seenAt: new Date().toISOString() }), sessionSeconds)
    reply.header('x-session', id)
  }
