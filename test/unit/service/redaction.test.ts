import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { redaction } from '../../../exporters/service/log/redaction.ts'
import { keyJudge } from '../../../exporters/service/log/redaction-keys.ts'
import { cleanText } from '../../../exporters/service/log/redaction-text.ts'

const { text, value } = redaction(['roomCode'])
const hidden = '[redacted]'
/** Read back as a reader of the log would. */
const printed = (given: unknown): unknown => JSON.parse(JSON.stringify(value(given)) ?? 'null')

describe('by key', () => {
  const secret = [
    'password userPassword PASSWORD_HASH passwd pwd DB_PWD secret clientSecret stripeSecretKey token accessToken',
    'refresh_token id-token management_token managementToken accesstoken apiKey api_key X-API-KEY apikey privateKey',
    'private_key authorization proxy-authorization cookie Set-Cookie setCookie cardNumber card_number cvc cvc2 CVV',
    'iban customerIban email customerEmail e-mail emailAddress phone phone_number telephone address billingAddress',
    'street_address firstName motDePasse roomCode room_code ROOM-CODE connect.sid session_id guestName customer_name',
    'clientName lastName fullName username nom prenom prénom nomClient contact telephone2 ip clientIp ip_address',
    'remoteAddress X-Forwarded-For x-real-ip auth bearer signature X-Hub-Signature-256 private cookieHeader',
    'addressLine1 pan cardPan userPassword mobile mobilePhone adresseClient mot_de_passe',
  ].flatMap((line) => line.split(' '))
  test.each(secret)('%s is hidden', (key) => {
    expect(printed({ in: [{ [key]: 'Ab3' }], map: new Map([[key, 612345678]]) })).toEqual({
      in: [{ [key]: hidden }],
      map: { [key]: hidden },
    })
  })

  const plain = [
    'passwordChangedAt tokenType tokenExpiresAt maxTokens emailSent cookieCount secretary serverIp localAddress',
    'emailTemplate addressId status room reservationId tokenize authorisationStatus pinned company span lifespan',
    'timespan makespan japan mobileApp cookieBanner authorizationUrl sidebar passenger compass authType privateRoom',
    'signatureAlgorithm contactId zip recipe description microphone hostname filename name roomName nomTable apiKeyId',
    'compte bypass contactless author authored spanId trace_id queryid',
  ].flatMap((line) => line.split(' '))
  test.each(plain)('%s is shown', (key) => {
    expect(printed({ [key]: 'x' })).toEqual({ [key]: 'x' })
  })

  test('that there is none is shown, how many there are, and the address of a machine', () => {
    const given = { password: null, email: false, address: '127.0.0.1', tokens: 5, cookies: 3, emails: '12', pass: 7 }
    expect(printed({ ...given, sid: 'sidebar', numero: 12 })).toEqual({ ...given, sid: 'sidebar', numero: 12 })
    const hides = { tokens: ['a'], cookies: 'a=b', emails: { a: 1 }, pass: 'seven', sid: 's:Ab3-4', numero: '0612345' }
    expect(printed(hides)).toEqual(Object.fromEntries(Object.keys(hides).map((key) => [key, hidden])))
    expect(text('tokens=5 cookies: 3 pass: 7 sid=sidebar')).toBe('tokens=5 cookies: 3 pass: 7 sid=sidebar')
    expect(text('pass=123456')).toBe(`pass=${hidden}`)
  })

  test('a name is shown, unless what it stands in or beside tells of a person', () => {
    const persons = {
      guest: { name: 'Ann', id: 1 },
      customers: [{ id: 1 }, { name: 'Ann' }],
      bookedBy: { displayName: 'Ann', phone: '1' },
      booking: { name: { first: 'Ann' }, partySize: 4 },
      form: new URLSearchParams('name=Ann&email=a'),
    }
    expect(printed(persons)).toEqual({
      guest: { name: hidden, id: 1 },
      customers: [{ id: 1 }, { name: hidden }],
      bookedBy: { displayName: hidden, phone: hidden },
      booking: { name: hidden, partySize: 4 },
      form: { name: hidden, email: hidden },
    })
    const others = { name: 'route', guest: { table: { name: 'T1' } }, server: { name: 'db', address: '127.0.0.1' } }
    expect(printed(others)).toEqual(others)
    expect(value({ user: new RangeError('far') })).toMatchObject({ user: { name: 'RangeError' } })
  })

  test('in headers of every form', () => {
    expect(
      printed({
        raw: ['Host', 'a', 'Authorization', 'b', 'COOKIE', 'c'],
        pairs: [['cookie', 'a=b']],
        fetch: new Headers({ authorization: 'b', accept: '*' }),
        har: [{ name: 'set-cookie', value: 'a=b' }],
        query: new URLSearchParams('token=a&page=2'),
        fields: ['email', 'phone'],
      }),
    ).toEqual({
      raw: ['Host', 'a', 'Authorization', hidden, 'COOKIE', hidden],
      pairs: [['cookie', hidden]],
      fetch: { accept: '*', authorization: hidden },
      har: [{ name: 'set-cookie', value: hidden }],
      query: { token: hidden, page: '2' },
      fields: ['email', 'phone'],
    })
  })
})

describe('by form', () => {
  const cases: readonly (readonly [given: string, shown: string])[] = [
    ['to postgres://ann:hun:t@r@db:5432/x', `to postgres://${hidden}@db:5432/x`],
    ['redis://:hunter2@cache', `redis://${hidden}@cache`],
    ['GET /r?token=abc&page=2', `GET /r?token=${hidden}&page=2`],
    ['u=https://a.io/?x=1&access_token=abc', `u=https://a.io/?x=1&access_token=${hidden}`],
    ['/r?email=ann%40example.com', `/r?email=${hidden}`],
    ['q=ann%40example.com', `q=${hidden}`],
    ['sent Bearer abc.def to it', `sent Bearer ${hidden} to it`],
    ['Basic YW5uOmh1bnRlcjI=', `Basic ${hidden}`],
    ['Authorization: Digest username="ann"', `Authorization: ${hidden}`],
    ['Cookie: a=b; c=d\nHost: x', `Cookie: ${hidden}\nHost: x`],
    ['{"password":"hun\\"ter2","page":2}', `{"password":"${hidden}","page":2}`],
    ['{\\"apiKey\\":\\"abc\\",\\"page\\":2}', `{\\"apiKey\\":\\"${hidden}\\",\\"page\\":2}`],
    ['{"tokens":["a","b"],"secret":{"a":1},"page":2}', `{"tokens":${hidden},"secret":${hidden},"page":2}`],
    ['Key (phone)=(06 12 34) already exists.', `Key (phone)=(${hidden}) already exists.`],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-d_f', hidden],
    ['<ann.o+b@mail.example.co.uk>', `<${hidden}>`],
    ['élodie@exemple.fr', hidden],
    ['card 4111 1111 1111 1111.', `card ${hidden}.`],
    ['5555-5555-5555-4444 378282246310005', `${hidden} ${hidden}`],
    ['FR76 3000 6000 0112 3456 7890 189 BUT MORE', `${hidden} BUT MORE`],
    ['DE89370400440532013000', hidden],
    ['sk_live_4eC39Hq sk_test_a1b', `${hidden} ${hidden}`],
    ['-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nx', `${hidden}\nx`],
    ['-----BEGIN PRIVATE KEY-----\nMII', hidden],
    ['postgres://user:pa/ss@host/db', `postgres://${hidden}@host/db`],
    ['x=redis://:p?a#s@host,http://h:1/a@b', `x=redis://${hidden}@host,http://h:1/a@b`],
    ['call +33 6 12 34 56 78, or 06 12 34 56 78.', `call ${hidden}, or ${hidden}.`],
    ['+33612345678 0033612345678 0033 6 12 34 56 78 +33 (0)6.12.34.56.78', Array(4).fill(hidden).join(' ')],
    ['tel:0612345678 (06-12-34-56-78) %2B33612345678', `tel:${hidden} (${hidden}) ${hidden}`],
    ['+1 (415) 555-2671, +442079460958, +44 20 7946 0958', Array(3).fill(hidden).join(', ')],
    ['password hunter2, and it is', `password ${hidden}, and it is`],
    ['"the password is Hunt#r!"', `"the password is ${hidden}!"`],
    ['mot de passe : hunter', `mot de passe : ${hidden}`],
    ['Mot de passe est hunter2.', `Mot de passe est ${hidden}.`],
    ['pwd=hunter guestName="Ann B" ip: 82.1.2.3', `pwd=${hidden} guestName="${hidden}" ip: ${hidden}`],
  ]
  test.each(cases)('%s', (given, shown) => {
    expect(text(given)).toBe(shown)
    expect(text(shown)).toBe(shown)
  })

  const plain = [
    'Server listening at http://127.0.0.1:3000',
    'at /node_modules/.pnpm/fastify@5.12.8/node_modules/@fastify/error/index.js:1:2',
    'basic authentication, bearer token',
    '1764000000000 4bf92f3577b34da6a3ce929d0e0e4736 4111111111111112',
    'phone: busy, email: not sent',
    'connect ECONNREFUSED 127.0.0.1:5432',
    '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----',
    '2024-01-31T12:34:05.123456789+01:00 01-02-2024 12:34:56 05.06.2024 10:30 2026-01-31 12:00:00',
    'at 1764000000 1764000000000 1764000000.123 in 0.123456789 s, 12.345678901 ms, +12345678 bytes, +1.2345678901',
    'booking 4711 of 550e8400-e29b-41d4-a716-446655440000, order INV-0123456789, key 0x0123456789',
    'trace 4bf92f3577b34da6a3ce929d0e0e4736 span 00f067aa0ba902b7 0612345678901234 queryid=-1234567890123456789',
    'port 5432, pid 12345, 12 345 678,90 EUR, 1,234.50 $, table 12, 4 guests, HTTP/1.1 200 1024',
    'POST /reset-password 1024 bytes, password is wrong, password must have 8 characters, mot de passe oublié',
    'password authentication failed for user "postgres"; this password is wrong!',
    'http://127.0.0.1:3000/@fastify/otel http://registry/npm/@fastify%2Fotel file:///C:/x@1',
    'auth: failed, signature: invalid, private: yes, contact: none, ip: unknown, name: bookings, zip: 75001',
    'span=3 lifespan=5 japan=1 recipe=2 10.0.0.1:6379 1.2.3.4 node v20.19.0 00:01:02:03:04:05',
  ]
  test.each(plain)('%s is shown', (given) => expect(text(given)).toBe(given))

  test('a card as a number, and an address as a key', () => {
    expect(printed({ n: 4111111111111111, at: 1764000000000, 'ann@example.com': 1 })).toEqual({
      n: hidden,
      at: 1764000000000,
      [hidden]: 1,
    })
  })
})

test('an error is told by its fields, its causes and its members, and none of them tells a secret', () => {
  const cause = new AggregateError([new Error('sk_live_abc'), 'Bearer abcdef'], 'all for ann@example.com')
  const error = Object.assign(new TypeError('no ann@example.com', { cause }), { code: 'E1', config: { password: 'x' } })
  expect(value({ error })).toMatchObject({
    error: {
      name: 'TypeError',
      message: `no ${hidden}`,
      stack: expect.stringMatching(/^TypeError: no \[redacted\]\n {4}at /),
      code: 'E1',
      config: { password: hidden },
      cause: { message: `all for ${hidden}`, errors: [{ message: hidden }, `Bearer ${hidden}`] },
    },
  })
  expect(value(runInNewContext("new RangeError('far')"))).toMatchObject({ name: 'RangeError', message: 'far' })
})

describe('whatever it is given', () => {
  const throwing = () => {
    throw new Error('no')
  }
  const circle: Record<string, unknown> = { a: 1 }
  circle.self = circle
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const bottomless = (): object =>
    new Proxy(
      {},
      {
        ownKeys: () => ['in'],
        getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
        get: (_target, key) => (key === 'in' ? bottomless() : undefined),
      },
    )
  const cases: readonly (readonly [name: string, given: unknown, shown: unknown])[] = [
    ['a circle', circle, { a: 1, self: '[circular]' }],
    [
      'a getter that throws',
      {
        b: 1,
        get a() {
          return throwing()
        },
      },
      { b: 1, a: '[unreadable]' },
    ],
    ['a revoked proxy', { a: proxy }, { a: '[unreadable]' }],
    ['a proxy that refuses', { a: new Proxy({}, { ownKeys: throwing }) }, { a: '[unreadable]' }],
    [
      'what JSON does not know',
      { a: 5n, b: Symbol('x'), c: throwing, d: Number.NaN, e: undefined },
      { a: '5', b: 'Symbol(x)', c: '[function]', d: 'NaN' },
    ],
    ['bytes', { a: Buffer.from('secret'), b: new Uint16Array(4) }, { a: '[6 bytes]', b: '[8 bytes]' }],
    ['dates', [new Date(0), new Date(Number.NaN)], ['1970-01-01T00:00:00.000Z', 'Invalid Date']],
    [
      'toJSON',
      { a: { toJSON: () => ({ password: 'x' }) }, b: { n: 1, toJSON: throwing } },
      { a: { password: hidden }, b: { n: 1, toJSON: '[function]' } },
    ],
    [
      'an error whose message throws',
      Object.defineProperty(new Error('a'), 'message', { get: throwing }),
      { name: 'Error', message: '[unreadable]', stack: expect.any(String) },
    ],
    ['a set', new Set([1, 'Bearer abcdef']), [1, `Bearer ${hidden}`]],
    ['__proto__', JSON.parse('{"__proto__":{"a":1},"b":2}'), { b: 2 }],
  ]
  test.each(cases)('%s is told', (_name, given, shown) => expect(printed(given)).toEqual(shown))

  test('a key cannot change what the copy is', () => {
    expect(Object.getPrototypeOf(value(JSON.parse('{"__proto__":{"a":1}}')))).toBe(Object.prototype)
  })

  test('a list ends after a hundred entries, and nothing is deeper than eight', () => {
    expect(value(Array.from({ length: 500 }, () => 0))).toEqual([...Array(100).fill(0), '[cut: 500 entries]'])
    const deep = JSON.parse(`${'{"a":'.repeat(20)}1${'}'.repeat(20)}`)
    expect(JSON.stringify(value(deep))).toBe(`${'{"a":'.repeat(8)}"[deeper]"${'}'.repeat(8)}`)
  })

  test('it is not changed', () => {
    const given = Object.freeze({ password: 'x', list: Object.freeze(['Authorization', 'y']) })
    value(given)
    expect(given).toEqual({ password: 'x', list: ['Authorization', 'y'] })
  })

  const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`k${at}`, 'x'.repeat(50)]))
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1), nested(depth - 1)])
  const huge: readonly (readonly [string, unknown])[] = [
    ['text', 'word '.repeat(400_000)],
    ['a list', Array.from({ length: 1_000_000 }, () => 'x'.repeat(1_000))],
    ['an object', { wide, again: wide }],
    ['a map', new Map(Array.from({ length: 50_000 }, (_, at) => [`k${at}`, at]))],
    ['a tree', nested(14)],
    ['many texts', Array.from({ length: 90 }, () => '\0'.repeat(20_000))],
    ['a bottomless one', bottomless()],
    ['an error', new Error('x'.repeat(2_000_000))],
  ]
  test.each(huge)('%s that is huge is cut', (_name, given) => {
    const line = JSON.stringify(value(given))
    expect(line.length).toBeLessThan(700_000)
    expect(line).toMatch(/\[(cut|deeper)/)
  })

  test('a secret that would be cut in two is not shown', () => {
    const given = `${'x '.repeat(8_180)}postgres://ann:hunter2-and-more-of-it-that-goes-on@db`
    expect(text(given)).not.toContain('hunter')
  })
})

const hostile = [
  'a',
  'a.',
  '1 ',
  '4111 ',
  '@',
  'a@',
  'a@a.',
  'é@é.',
  'eyJ',
  'eyJa-',
  '-----BEGIN PRIVATE KEY-----',
  '://',
].concat(
  ['://@', 'a:', 'a=', 'password="', '\\', '(', 'Bearer ', 'AB12 ', 'AB12', 'cookie: ', 'ghp_a', '%40', ' '],
  [
    'password ',
    'password is ',
    'password .',
    'mot de passe : ',
    '+1',
    '+1 ',
    '+33 6 12 ',
    '0033',
    '06 ',
    '06',
    '+1 (',
    '://a:',
    '://a:/',
    '://a:b/@',
    'a-B_c.',
  ],
)

test.each(hostile)('a megabyte of %j takes no longer than it is long', (part) => {
  // With something of everything that is looked for, so that no pattern is spared.
  const all = '@ = : :// eyJ Bearer %40 AKIA -----BEGIN cookie AB12 1234567890123 +33 password'
  const whole = `${all} ${part.repeat(Math.ceil(1_048_576 / part.length))}${all}`
  const start = process.cpuUsage()
  cleanText(whole, keyJudge())
  const { user } = process.cpuUsage(start)
  // Linear is a fifth of a second at most; with the square of the length it would be hours.
  expect(user / 1e6).toBeLessThan(10)
})
