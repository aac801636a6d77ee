import type { Server } from 'node:http'

/** Has a server listen on loopback. Resolves with its port. */
export const listening = (server: Server) =>
  new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
