import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'

export interface Port {
  readonly port: number
  /** Who wants it. */
  readonly name: string
  /** The environment variable that moves it. */
  readonly variable: string
}

const loopback = '127.0.0.1'

/** macOS lets two sockets share a port when one has the wildcard address, so a free bind proves nothing there. */
const isAnswered = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = createConnection({ port, host: loopback })
    const done = (answered: boolean) => {
      socket.destroy()
      resolve(answered)
    }
    socket.setTimeout(1000, () => done(true))
    socket.once('connect', () => done(true)).once('error', () => done(false))
  })

const refusal = (port: number) =>
  new Promise<string | undefined>((resolve) => {
    const server = createServer().once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    server.listen(port, loopback, () => server.close(() => resolve(undefined)))
  })

const attempt = <T>(read: () => T, otherwise: T) => {
  try {
    return read()
  } catch {
    return otherwise
  }
}

const listeningSockets = (port: number) => {
  const address = new RegExp(`^\\s*\\d+: [0-9A-F]+:${port.toString(16).toUpperCase().padStart(4, '0')} \\S+ 0A `)
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    attempt(() => readFileSync(file, 'utf8'), '').split('\n'),
  )
  return lines.filter((line) => address.test(line)).map((line) => `socket:[${line.trim().split(/\s+/)[9]}]`)
}

/** Who listens, where /proc tells it: other users' processes are hidden from all but root. */
const holder = (port: number) => {
  const sockets = listeningSockets(port)
  if (sockets.length === 0) return undefined
  const holds = (pid: string) =>
    attempt(() => readdirSync(`/proc/${pid}/fd`), []).some((fd) =>
      sockets.includes(attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`), '')),
    )
  const pid = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .find(holds)
  return pid && `${attempt(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), 'a process')} (pid ${pid})`
}

const complaint = async ({ port, name, variable }: Port, others: readonly Port[]) => {
  const twin = others.find((other) => other.port === port)
  if (twin) return `port ${port} is wanted by ${twin.name} and ${name}: set ${twin.variable} or ${variable}`
  const code = (await isAnswered(port)) ? 'EADDRINUSE' : await refusal(port)
  if (code === undefined) return []
  if (code !== 'EADDRINUSE') return `port ${port} (${name}) can't be opened (${code}): set ${variable}`
  const by = holder(port)
  return `port ${port} (${name}) is in use${by ? ` by ${by}` : ''}: stop it, or set ${variable}`
}

/** Reports every port that is taken at once: one start should not be needed per port. */
export const assertPortsFree = async (ports: readonly Port[]) => {
  const complaints = (await Promise.all(ports.map((port, index) => complaint(port, ports.slice(0, index))))).flat()
  if (complaints.length > 0) throw new Error(complaints.join('\n'))
}
