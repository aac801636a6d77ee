import { createHash, timingSafeEqual } from 'node:crypto'
import type { Secret } from './secret.ts'

/** Who may scrape. Either will do where both are given. */
export interface Credentials {
  readonly token?: Secret | undefined
  readonly login?: { readonly user: string; readonly password: Secret } | undefined
}

/** Lets in who proves to be allowed. */
export interface Guard {
  /** @param authorization the header of that name */
  admits(authorization: string | undefined): boolean
  /** What the header `WWW-Authenticate` asks for. */
  readonly challenges: readonly string[]
  /** For those who were not let in: how to get in, and which variable holds what. */
  readonly words: string
}

const realm = 'realm="techplus-exporter"'

/** Undefined where everybody may. Secrets are asked for at each request, so that a rotated one counts at once. */
export const guardOf = ({ token, login }: Credentials): Guard | undefined => {
  const ways = [...(token ? [byToken(token)] : []), ...(login ? [byLogin(login)] : [])]
  if (ways.length === 0) return undefined
  return {
    admits: (authorization = '') => {
      const [, scheme = '', proof = ''] = /^(\S+) +(\S+)\s*$/.exec(authorization) ?? []
      return ways.some((way) => way.scheme === scheme.toLowerCase() && way.accepts(proof))
    },
    challenges: ways.map(({ challenge }) => challenge),
    words: `Not without ${ways.map(({ needed }) => needed).join(', or ')}.\n`,
  }
}

interface Way {
  readonly scheme: string
  readonly challenge: string
  readonly needed: string
  accepts(proof: string): boolean
}

const byToken = (token: Secret): Way => ({
  scheme: 'bearer',
  challenge: `Bearer ${realm}`,
  needed: 'the bearer token that EXPORTER_TOKEN holds',
  accepts: (proof) => same(proof, token()),
})

const byLogin = ({ user, password }: NonNullable<Credentials['login']>): Way => ({
  scheme: 'basic',
  challenge: `Basic ${realm}, charset="UTF-8"`,
  needed: 'the user and the password that EXPORTER_USER and EXPORTER_PASSWORD hold',
  accepts: (proof) => same(Buffer.from(proof, 'base64').toString(), `${user}:${password()}`),
})

/** Takes as long whatever differs, and how much of it: the digests of both are of one length. */
const same = (given: string, wanted: string) => timingSafeEqual(digest(given), digest(wanted))

const digest = (text: string) => createHash('sha256').update(text).digest()
