import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Connections that ask and take no answer. */
export const plugs = (url: string, count: number) => {
  const sockets: Socket[] = []
  const add = async (words: string) => {
    // Nobody listens for data, so that none is read.
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' })
    sockets.push(socket)
    // The server hangs up on those that it has no room for.
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    socket.write(words)
  }
  return {
    open: async (words: string) => {
      for (let opened = 0; opened < count; opened += 1) await add(words)
    },
    say: async (words: string) => {
      for (const socket of sockets) socket.write(words)
    },
    close: async () => {
      for (const socket of sockets.splice(0)) socket.destroy()
    },
  }
}
