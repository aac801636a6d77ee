/** A service that goes wrong in the way that its first argument names. It prints what it saw of itself as lines of JSON. */
import { subscribe } from 'node:diagnostics_channel'
import { createServer, get } from 'node:http'
import { createRequire } from 'node:module'
import { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { errorTracking } from '../../exporters/service/errors/errors.ts'
import { instruments } from '../../exporters/service/instruments/instruments.ts'
import { redaction } from '../../exporters/service/log/redaction.ts'

const [, , what = '', dsn = '', settings = '{}'] = process.argv
const { value: hide } = redaction()
const told: { log: number; report: number } = { log: 0, report: 0 }
const say = (fact: object) => process.stdout.write(`${JSON.stringify(fact)}\n`)
const opened: unknown[] = []
subscribe('net.client.socket', (socket) => opened.push(socket))
const { connect } = Socket.prototype
Object.defineProperty(Socket.prototype, 'connect', {
  value: function (this: Socket, ...given: unknown[]) {
    opened.push(given)
    return Reflect.apply(connect, this, given)
  },
})

const secret = ['hunter', '2'].join('')
const line = (level: string) => (message: string, meta?: unknown) => {
  told.log++
  if (what === 'a log that throws') throw new Error('the disk is full')
  const { reason } = Object(meta)
  const stack = meta instanceof Error ? meta.stack : reason instanceof Error ? reason.stack : reason
  if (what !== 'a storm') say({ level, message, stack })
}
const held = instruments({ report: () => told.report++ })
const counts = async () => {
  const lines = (await held.readings()).flatMap((kept) => [...kept.lines(false)])
  return Object.fromEntries(lines)
}
const tracking = errorTracking({
  dsn,
  service: 'reservations',
  release: '1.2.3',
  environment: 'test',
  tracesSampleRate: 0,
  profilesSampleRate: 0,
  otherTracer: true,
  traceOf: () => ({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }),
  redact: (value) => JSON.parse(JSON.stringify(hide(value) ?? null).replaceAll(secret, '[redacted]')),
  log: { error: line('error'), warn: line('warn') },
  flushLog: async () => say({ flushed: await counts() }),
  instruments: held,
  report: () => told.report++,
  ...JSON.parse(settings),
})
const done = async () => {
  await tracking.close()
  const loaded = Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('@sentry'))
  const listeners = process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection')
  say({ counts: await counts(), opened: opened.length, loaded: loaded.length, listeners, told })
}

const reject = async (reason: unknown) => {
  void Promise.reject(reason)
  await delay(20)
}
const trap = () => {
  throw new Error('a trap')
}
const hostile = new Proxy(new Error('behind a Proxy'), { get: trap, ownKeys: trap })
const throwing = Object.defineProperty(new Error('x'), 'message', {
  get: () => {
    throw new Error('a getter')
  },
})

const listening = async () => {
  const server = createServer((_request, answer) => answer.end('still here'))
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const ask = (path = '/') =>
    new Promise<string>((resolve, fail) => {
      get({ port, path, agent: false, headers: { cookie: secret, authorization: secret } }, (answer) => {
        let text = ''
        answer.on('data', (part) => {
          text += part
        })
        answer.on('end', () => resolve(text))
      }).on('error', fail)
    })
  return { ask, end: () => server.close() }
}

const ways: Readonly<Record<string, () => Promise<void>>> = {
  'nothing at all': async () => {
    await reject(new Error('nobody cares'))
    await done()
  },
  'a rejection': async () => {
    await reject(new Error(`a promise was broken with ${secret}`))
    await done()
  },
  'strange reasons': async () => {
    for (const reason of [undefined, null, 'a string', { code: 7, password: secret }, hostile, throwing])
      await reject(reason)
    await done()
  },
  'an exception': async () => {
    setInterval(() => say({ ticks: true }), 60_000)
    setImmediate(() => {
      throw new Error(`https://pay.example/charge?token=${secret}`)
    })
  },
  'exceptions again and again': async () => {
    let times = 0
    setInterval(() => {
      throw new Error(`again, the ${++times}th time`)
    }, 20)
  },
  'a log that throws': async () => {
    await reject(new Error('lost'))
    setImmediate(() => {
      throw new Error('lost too')
    })
  },
  captured: async () => {
    const error = new Error('a request failed', { cause: new Error(`its cause: ${secret}`) })
    tracking.capture(error, { cookie: 'a=b', note: secret, url: '/booking?management_token=abc', deep: { hostile } })
    tracking.capture(error)
    await done()
  },
  'a storm': async () => {
    const { ask, end } = await listening()
    for (let i = 0; i < 100_000; i++) void Promise.reject(new Error('a storm'))
    const before = process.memoryUsage().rss
    say({ answer: await ask(), grown: process.memoryUsage().rss - before })
    end()
    await done()
  },
  profiled: async () => {
    const until = performance.now() + 300
    while (performance.now() < until) Math.hypot(until, performance.now())
    await done()
  },
  traced: async () => {
    const { ask, end } = await listening()
    say({ answer: await ask(`/bookings?management_token=${secret}`) })
    end()
    await done()
  },
}
await ways[what]?.()
