import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import { authority } from './certificates.ts'

/** A mail as the relay got it: read by a parser of mail, not by us. */
export interface Mail {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Whom the envelope names, which is where it goes. */
  readonly recipients: readonly string[]
  /** The user who sent it; undefined where nobody logged in. */
  readonly user: string | undefined
  readonly subject: string
  readonly text: string
  readonly html: string
  /** The value of a header as it is read, encoded words among it. */
  readonly header: (name: string) => string
}

/** What stands where PagerDuty, Slack, tickets or a gateway would, got. */
export interface Post {
  readonly at: number
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
  /** The body as it came, to search in. */
  readonly raw: string
}

export interface Receivers {
  readonly smtpPort: number
  /** Every path below it takes a POST. */
  readonly httpUrl: string
  /** The authority of the relay's certificate: a program of Go trusts it by SSL_CERT_FILE. */
  readonly authorityFile: string
  /** What has arrived so far, the first one first. */
  readonly mails: () => readonly Mail[]
  readonly posts: () => readonly Post[]
  readonly close: () => Promise<void>
}

interface ReceiversOptions {
  /** Who may send through the relay, which speaks TLS only; the user may have any name. */
  readonly password?: string
}

const portOf = (address: ReturnType<ReturnType<typeof createServer>['address']>) =>
  typeof address === 'object' && address ? address.port : 0

const mailOf = (parsed: ParsedMail, at: number, recipients: readonly string[], user: string | undefined): Mail => ({
  at,
  recipients,
  user,
  subject: parsed.subject ?? '',
  text: parsed.text ?? '',
  html: parsed.html || '',
  header: (name) => {
    const value = parsed.headers.get(name.toLowerCase())
    return typeof value === 'string' ? value : JSON.stringify(value ?? '')
  },
})

/** A mail relay and an HTTP server on loopback that keep whatever they get, for as long as a test runs. */
export const startReceivers = async ({ password = 'a-relay-password' }: ReceiversOptions = {}): Promise<Receivers> => {
  const folder = mkdtempSync(join(tmpdir(), 'receivers-'))
  const root = authority(folder, 'relay-authority')
  const { key, cert } = root.issue('relay', ['127.0.0.1'])
  const mails: Mail[] = []
  const posts: Post[] = []
  const relay = new SMTPServer({
    key,
    cert,
    authMethods: ['PLAIN', 'LOGIN'],
    onAuth: (auth, _session, done) =>
      auth.password === password
        ? done(null, { user: auth.username })
        : done(new Error('the password of the relay is another')),
    onData: (stream, session, done) => {
      const at = Date.now()
      simpleParser(stream).then(
        (parsed) => {
          const recipients = session.envelope.rcptTo.map(({ address }) => address)
          mails.push(mailOf(parsed, at, recipients, session.user))
          done()
        },
        (cause: Error) => done(cause),
      )
    },
  })
  const web = createServer((request, response) => {
    const at = Date.now()
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.once('end', () => {
      const raw = Buffer.concat(chunks).toString()
      posts.push({ at, path: request.url ?? '', headers: request.headers, body: parsed(raw), raw })
      response.writeHead(200, { 'content-type': 'text/plain' }).end('ok')
    })
  })
  // Whoever is killed while it sends leaves without a word, which concerns nobody.
  relay.on('error', () => undefined)
  relay.listen(0, '127.0.0.1')
  web.listen(0, '127.0.0.1')
  await Promise.all([once(relay.server, 'listening'), once(web, 'listening')])
  return {
    smtpPort: portOf(relay.server.address()),
    httpUrl: `http://127.0.0.1:${portOf(web.address())}`,
    authorityFile: root.certFile,
    mails: () => [...mails],
    posts: () => [...posts],
    close: async () => {
      await new Promise<void>((resolve) => relay.close(resolve))
      web.closeAllConnections()
      await new Promise<void>((resolve) => web.close(() => resolve()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Text where it is no JSON: a form, or nothing. */
const parsed = (raw: string): unknown => {
  try {
    return JSON.parse(raw)
  } catch {
    return raw
  }
}
