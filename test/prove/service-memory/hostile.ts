import { METHODS } from 'node:http'
import type { Dice } from '../dice.ts'

/** A request as it goes over the wire, in Latin-1. */
export interface Wish {
  readonly method: string
  readonly text: string
  /** Node answers it itself, and tells no handler. */
  readonly byNode: boolean
}

/** Methods that a server of Node's own answers: of CONNECT it closes the connection. */
const methods = METHODS.filter((method) => method !== 'CONNECT')

const tricks = [
  '%00',
  '%2F',
  '%2f..%2f',
  '%FF',
  '%C0%AF',
  '%E0%80%AF',
  '%F4%90%80%80',
  '%',
  '%zz',
  '%25%32%46',
  '..',
  '../../etc/passwd',
  '..;',
  '.',
  '//',
  ':id',
  ':guest',
  '*',
  '(.*)',
  '[a-z]',
  '{x}',
  '\\',
  '|',
  'a|b',
  '+',
  ';v=1',
  '$&',
  "'",
  '"',
  '<script>',
  '%E6%97%A5%E6%9C%AC',
  '%F0%9F%98%80',
  '%E2%80%AE',
  '__proto__',
  'constructor',
  'guests',
  'orders',
  '~',
  '!',
  '&',
  '@evil:80',
  '%0d%0a',
  '%u0041',
  ',',
  '%7C',
  '%3F',
  '%23',
  '%2e%2e',
  '%5c',
  '%20',
]
/** As they are Node takes these in the value of a header, and in a path for no HTTP. */
const foreign = ['é', '日本', '\u{1f600}', 'ÿ'].map((word) => Buffer.from(word).toString('latin1'))

/** Templates of what the servers have, in places filled below; the last ones are nobody's. */
const places = [
  '/reservations/*',
  '/reservations/*',
  '/guests/*/orders/*',
  '/guests/*/orders/*',
  '/guests/*/broken',
  '/tables',
  '/Tables',
  '/TABLES/',
  '/reservations',
  '/conflict',
  '/GUESTS/*/Orders/*',
  '/reservations/*/',
  '//guests/*/orders/*',
  '/guests/*/orders/*/*',
  '/guests//orders/*',
  '/./tables',
  '/*',
  '/*/*',
  '/wp-admin/*.php',
  '/guests/*',
  'http://evil.example/reservations/*',
  'http://evil.example:80/guests/*/orders/*',
  '*',
]
const slow = ['/hang', '/endless', '/stream']

const headerNames = [
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Real-IP',
  'Forwarded',
  'Cookie',
  'Accept',
  'Referer',
  'User-Agent',
  'Range',
  'If-None-Match',
  'Authorization',
  'Origin',
  'Via',
  'TE',
  'traceparent',
  'X-HTTP-Method-Override',
  'x-request-id',
  'Accept-Encoding',
  '__proto__',
]

const bodiless = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE'])

const noiseLength = 262_144
const visible = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._~!$&'()*+,;=:@/"

interface Words {
  /** So much of the noise, from anywhere. */
  some(length: number): string
  word(): string
  /** What stands for a parameter. */
  value(): string
}

const wordsOf = (dice: Dice): Words => {
  const character = () => visible.charAt(dice.below(visible.length))
  const noise = Array.from({ length: noiseLength }, () => (dice.below(12) === 0 ? dice.one(tricks) : character())).join(
    '',
  )
  const some = (length: number) => {
    const at = dice.below(noise.length - length)
    return noise.slice(at, at + length)
  }
  const word = () => dice.word().toString(36)
  const value = () => {
    const kind = dice.below(10)
    if (kind < 4) return word()
    if (kind < 7) return `${dice.one(tricks)}${word()}${dice.one(tricks)}`
    if (kind < 8) return dice.one(tricks)
    return some(1 + dice.below(kind === 8 ? 60 : 900))
  }
  return { some, word, value }
}

const targetsOf = (dice: Dice, { some, word, value }: Words) => {
  const filled = (place: string) => place.split('*').reduce((path, part) => path + value() + part)
  return {
    target: () => {
      const kind = dice.below(40)
      if (kind === 0) return `/${some(6_000 + dice.below(2_100))}`
      if (kind === 1) return `/${some(10 + dice.below(500))}`
      if (kind === 2) return '/stream'
      const place = dice.one(places)
      return place === '*' ? place : filled(place)
    },
    query: () => {
      if (dice.below(3) > 0) return ''
      return `?${word()}=${dice.below(4) === 0 ? some(dice.below(300)) : word()}&a[]=1&__proto__[x]=${word()}`
    },
  }
}

const headersOf = (dice: Dice, { some, word }: Words) => {
  const header = () => {
    const name = dice.below(3) === 0 ? `x-${word()}` : dice.one(headerNames)
    return `${name}: ${dice.below(9) === 0 ? dice.one(foreign) : ''}${some(1 + dice.below(40))}\r\n`
  }
  return {
    headers: () => {
      const kind = dice.below(50)
      // Node drops what is beyond its most headers, and refuses more than 16 KiB of them.
      if (kind === 0)
        return Array.from({ length: 200 + dice.below(1_300) }, () => `${word().slice(0, 3)}:\r\n`).join('')
      if (kind === 1) return `x-${word()}: ${some(4_000)}\r\n`.repeat(2)
      const same = kind < 6 ? header() : ''
      return same.repeat(3) + Array.from({ length: dice.below(6) }, header).join('')
    },
    host: () => {
      const kind = dice.below(12)
      if (kind === 0) return `Host: ${some(1 + dice.below(30))}\r\n`
      if (kind === 1) return 'Host: a.example\r\nHost: b.example\r\n'
      return kind === 2 ? 'Host:\r\n' : 'Host: api\r\n'
    },
  }
}

const bodiesOf = (dice: Dice, { some }: Words) => {
  const chunks = () => {
    const parts = Array.from({ length: 1 + dice.below(4) }, () => some(1 + dice.below(60)))
    const written = parts.map(
      (part) => `${part.length.toString(16)}${dice.below(4) === 0 ? ';x=1' : ''}\r\n${part}\r\n`,
    )
    const trailer = dice.below(4) === 0 ? 'x-trailer: 1\r\n' : ''
    return `Transfer-Encoding: chunked\r\n\r\n${written.join('')}0\r\n${trailer}\r\n`
  }
  /** With the headers that it needs. */
  return (method: string) => {
    const kind = dice.below(bodiless.has(method) ? 12 : 3)
    if (kind === 0) return chunks()
    if (kind > 1) return '\r\n'
    const text = some(dice.below(200))
    const type = dice.below(2) === 0 ? 'Content-Type: application/json\r\n' : ''
    return `${type}Content-Length: ${text.length}\r\n\r\n${text}`
  }
}

/** What is no HTTP: Node answers 400 or closes, and there is no request. */
const brokenOf = (dice: Dice, { some, word }: Words) => {
  const kinds = [
    () => some(1 + dice.below(300)),
    () => `GET /${dice.one(foreign)}${some(20)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    () => `GET /${some(20)} HTTP/9.9\r\n\r\n`,
    () => `GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ${word()}\r\nContent-Length: 3\r\n\r\n`,
    () => 'GET / HTTP/1.1\r\nHost: a\r\nx\u0000y: 1\r\n\r\n',
    () => 'GET / HTTP/1.1\r\nHost : a\r\n\r\n',
    () => `${word().toUpperCase()} / HTTP/1.1\r\nHost: a\r\n\r\n`,
    () => `GET / HTTP/1.1\r\nHost: a\r\nx: ${some(20_000)}\r\n\r\n`,
    () => 'CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n',
    () => '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
    () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ]
  return () => dice.one(kinds)()
}

/** Those that have series of their own, and one of the others. */
const counted = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']
/** A value longer than Fastify takes one. */
const long = 'x'.repeat(200)

/**
 * Every method at every place with every trick: what can be answered has been answered after it, also what chance would
 * bring once in a million requests.
 */
export const tour = (): Wish[] => {
  const values = ['x', long, ...tricks, ...tricks.map((trick) => `x${trick}x`)]
  const targets = [...places, ...slow.slice(2)].flatMap((place) =>
    place === '*' ? [place] : values.map((value) => place.replaceAll('*', () => value)),
  )
  const refused = ['x: 1', 'Host: api\r\nExpect: more']
  return counted.flatMap((method) => [
    ...[...new Set(targets)].map((target) => ({
      ...{ method, byNode: false },
      text: `${method} ${target} HTTP/1.1\r\nHost: api\r\n\r\n`,
    })),
    ...refused.map((what) => ({ method, byNode: true, text: `${method} / HTTP/1.1\r\n${what}\r\n\r\n` })),
  ])
}

/** Makes requests of all the bad kinds, each unlike every other. */
export const hostile = (dice: Dice) => {
  const words = wordsOf(dice)
  const { target, query } = targetsOf(dice, words)
  const { headers, host } = headersOf(dice, words)
  const body = bodiesOf(dice, words)
  const wish = (method: string, line: string, rest: string, byNode = false): Wish => ({
    method,
    text: `${method} ${line}\r\n${rest}`,
    byNode,
  })
  const ordinary = () => {
    const method = dice.below(2) === 0 ? 'GET' : dice.one(methods)
    const more = dice.below(60) === 0 ? 'Expect: 100-continue\r\n' : ''
    return wish(method, `${target()}${query()} HTTP/1.1`, `${host()}${more}${headers()}${body(method)}`)
  }
  /** HTTP/1.1 without the name of a host, and an expectation that nobody has heard of. */
  const byNode = () => {
    const what = dice.below(2) === 0 ? `x-${words.word()}: 1` : `Host: api\r\nExpect: ${words.word()}`
    return wish(dice.one(methods), `/${words.word()} HTTP/1.1`, `${what}\r\n\r\n`, true)
  }
  /** Refused. Node drops what came with it behind it, so it is sent alone. */
  const upgrade = () => {
    const to = dice.one(['h2c', 'websocket', words.word()])
    return wish('GET', `${target()} HTTP/1.1`, `Host: api\r\nConnection: Upgrade\r\nUpgrade: ${to}\r\n\r\n`)
  }
  return {
    /** All of them are answered at once; these wait for the answer before. */
    wish: () => {
      const kind = dice.below(200)
      return kind === 0 ? byNode() : kind < 4 ? upgrade() : ordinary()
    },
    ordinary,
    old: () => wish('GET', `${target()}${query()} HTTP/1.0`, `${headers()}\r\n`),
    /** One that has to be left: it is never answered, or never to its end. */
    endless: () => wish('GET', `${dice.one(slow)}${query()} HTTP/1.1`, `${host()}${headers()}\r\n`),
    /** A body is promised, and not sent. */
    bodiless: () => wish('POST', '/reservations HTTP/1.1', `${host()}Content-Length: ${1 + dice.below(9_999)}\r\n\r\n`),
    broken: brokenOf(dice, words),
  }
}
export type Hostile = ReturnType<typeof hostile>
