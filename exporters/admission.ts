import type { FastifyReply, onRequestAsyncHookHandler } from 'fastify'
import type { Guard } from './guard.ts'

/** Where a process says that it runs. Whoever starts containers has no secret to show. */
export const healthPath = '/health'

/** Lets in who may. By the route that was found, and not by how its path was written. */
export const admission =
  ({ admits, challenges, words }: Guard): onRequestAsyncHookHandler =>
  async ({ routeOptions, headers }, reply) => {
    if (routeOptions.url === healthPath || admits(headers.authorization)) return undefined
    return refuse(reply.header('www-authenticate', challenges), 401, words)
  }

export const refuse = (reply: FastifyReply, status: number, words: string) =>
  reply.code(status).type('text/plain; charset=utf-8').send(words)
