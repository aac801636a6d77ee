import { createPublicKey, createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A certificate and its key, as files and as text. */
export interface Certificate {
  readonly cert: string
  readonly key: string
  readonly certFile: string
  readonly keyFile: string
}

export interface Authority extends Certificate {
  /**
   * @param hosts names, or addresses of IPv4, that it is for; none for a client's
   * @param days how long it is valid; less than 0 if it was
   */
  issue(name: string, hosts?: readonly string[], days?: number): Certificate
}

/**
 * An authority that exists as long as `folder` does. Made by Node alone: a bare Debian has no openssl.
 * X.509 is RFC 5280; lengths and numbers of DER are X.690, chapter 8.
 */
export const authority = (folder: string, name: string): Authority => {
  mkdirSync(folder, { recursive: true })
  const own = newKey()
  const write = (
    subject: string,
    key: KeyObject,
    hosts: readonly string[],
    days: number,
    isAuthority = false,
  ): Certificate => {
    const files = { certFile: join(folder, `${subject}.pem`), keyFile: join(folder, `${subject}.key`) }
    const cert = pem('CERTIFICATE', certificate({ subject, issuer: name, key, signer: own, hosts, days, isAuthority }))
    const text = String(key.export({ type: 'pkcs8', format: 'pem' }))
    writeFileSync(files.certFile, cert)
    writeFileSync(files.keyFile, text, { mode: 0o600 })
    return { cert, key: text, ...files }
  }
  return {
    ...write(name, own, [], 2, true),
    issue: (subject, hosts = [], days = 2) => write(subject, newKey(), hosts, days),
  }
}

interface Wanted {
  readonly subject: string
  readonly issuer: string
  readonly key: KeyObject
  readonly signer: KeyObject
  readonly hosts: readonly string[]
  readonly days: number
  readonly isAuthority: boolean
}

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

const certificate = ({ subject, issuer, key, signer, hosts, days, isAuthority }: Wanted) => {
  const extensions = [
    ...(isAuthority ? [sequence(oid('551d13'), boolean(true), octets(sequence(boolean(true))))] : []),
    ...(hosts.length > 0 ? [sequence(oid('551d11'), octets(sequence(...hosts.map(hostName))))] : []),
  ]
  const body = sequence(
    tagged(0xa0, integer(Buffer.of(2))),
    // The first bit is 0: a number is not negative.
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ecdsaWithSha256,
    commonName(issuer),
    sequence(date(-9), date(days)),
    commonName(subject),
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    ...(extensions.length > 0 ? [tagged(0xa3, sequence(...extensions))] : []),
  )
  return sequence(body, ecdsaWithSha256, bits(createSign('SHA256').update(body).sign(signer)))
}

const tagged = (tag: number, ...content: readonly Buffer[]) => {
  const all = Buffer.concat(content)
  const size = all.length < 256 ? [0x81, all.length] : [0x82, all.length >> 8, all.length & 255]
  return Buffer.concat([Buffer.from([tag, ...(all.length < 128 ? [all.length] : size)]), all])
}
const sequence = (...content: readonly Buffer[]) => tagged(0x30, ...content)
const integer = (bytes: Buffer) => tagged(0x02, bytes)
const boolean = (value: boolean) => tagged(0x01, Buffer.of(value ? 255 : 0))
const octets = (content: Buffer) => tagged(0x04, content)
const bits = (content: Buffer) => tagged(0x03, Buffer.of(0), content)
const oid = (hex: string) => tagged(0x06, Buffer.from(hex, 'hex'))
const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))
const commonName = (name: string) => sequence(tagged(0x31, sequence(oid('550403'), tagged(0x0c, Buffer.from(name)))))

/** Of a general name 2 is a host and 7 an address. */
const hostName = (host: string) =>
  /^[\d.]+$/.test(host) ? tagged(0x87, Buffer.from(host.split('.').map(Number))) : tagged(0x82, Buffer.from(host))

/** As `YYMMDDhhmmssZ`. */
const date = (days: number) => {
  const at = new Date(Date.now() + days * 86_400_000).toISOString()
  return tagged(0x17, Buffer.from(`${at.slice(2, 19).replace(/\D/g, '')}Z`))
}

const pem = (kind: string, der: Buffer) =>
  `-----BEGIN ${kind}-----\n${der.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${kind}-----\n`
