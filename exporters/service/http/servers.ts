import type { Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Kept } from '../../reading.ts'
import { activeConnections } from './metrics.ts'

export type Server = HttpServer | HttpsServer

export interface Servers {
  /** Counts the requests of this server from now on, also when it is closed and listens again. */
  watch(server: Server): void
  /** Counts those of every server of the process, but for these. */
  watchAll(except: (server: Server) => boolean): void
  /** Leaves a server uncounted that is not the visitors'. */
  leaveOut(server: Server): void
  /** Whether its requests are counted. */
  has(server: Server): boolean
  /** Their open sockets, those of idle clients included. */
  connections(): Promise<Kept>
}

/** Whose requests are counted. */
export const watchedServers = (): Servers => {
  const watched = new WeakSet<Server>()
  const leftOut = new WeakSet<Server>()
  /** Those that may have sockets. */
  const open = new Set<Server>()
  let isOther = (_server: Server) => true
  /** Most processes have one: it is asked for at every request, and a look into a set would be much of what that costs. */
  let latest: Server | undefined
  return {
    watch: (server) => {
      if (server === latest) return
      watched.add(server)
      latest = server
      if (open.has(server)) return
      open.add(server)
      server.once('close', () => {
        open.delete(server)
        latest = undefined
      })
    },
    watchAll: (except) => {
      isOther = (server) => leftOut.has(server) || except(server)
    },
    leaveOut: (server) => {
      leftOut.add(server)
      watched.delete(server)
      open.delete(server)
      latest = undefined
    },
    has: (server) => server === latest || watched.has(server) || !isOther(server),
    connections: async () => {
      const counts = await Promise.all([...open].map(connectionsOf))
      const sum = counts.reduce((all, count) => all + count, 0)
      return { metric: activeConnections, lines: () => [[activeConnections.name, sum]] }
    },
  }
}

/** Asked when somebody scrapes, it costs no connection anything. */
const connectionsOf = (server: Server) =>
  new Promise<number>((resolve) => {
    server.getConnections((failure, count) => resolve(failure ? 0 : count))
  })
