import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import http from 'node:http'
import https from 'node:https'

/** Said of every server of Node that is asked to listen, before it does. */
const listens = 'tracing:net.server.listen:asyncStart'
/** A server may also be handed connections by another. */
const begins = 'http.server.request.start'

/** Calls back once, when a server of the process is to listen for HTTP, or has a request. */
export const onceItServes = (begin: () => void) => {
  const hear = (message: unknown) => {
    if (!isOfHttp(message)) return
    unsubscribe(listens, hear)
    unsubscribe(begins, hear)
    begin()
  }
  subscribe(listens, hear)
  subscribe(begins, hear)
}

const isOfHttp = (message: unknown) => {
  const server = typeof message === 'object' && message !== null && 'server' in message ? message.server : undefined
  if (server instanceof http.Server || server instanceof https.Server) return true
  // Node shows these classes to nobody.
  return typeof server === 'object' && /^Http2(?:Secure)?Server$/.test(server?.constructor.name ?? '')
}
