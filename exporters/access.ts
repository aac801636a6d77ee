import { isIP } from 'node:net'
import { type Env, faultOf } from '../config/env.ts'
import { type Guard, guardOf } from './guard.ts'
import { httpsServer } from './https.ts'
import { secretOf, type Tell } from './secret.ts'

type Access = { readonly guard: Guard | undefined; readonly createServer: ReturnType<typeof httpsServer> | undefined }

/** Who may scrape, and how, as the environment says. */
export const accessOf = (env: Env, tell: Tell): Access => {
  const { EXPORTER_USER: user, EXPORTER_TLS_CERT: cert, EXPORTER_TLS_KEY: key, EXPORTER_TLS_CLIENT_CA: clientCa } = env
  const secret = (name: 'EXPORTER_TOKEN' | 'EXPORTER_PASSWORD') => {
    const value = env[name]
    const wrong = (text: string) => faultOf(name, text)
    return value === undefined ? undefined : secretOf({ name, value, file: env.files[name], faultOf: wrong, tell })
  }
  const password = secret('EXPORTER_PASSWORD')
  return {
    guard: guardOf({ token: secret('EXPORTER_TOKEN'), login: user && password ? { user, password } : undefined }),
    createServer: cert && key ? httpsServer({ cert, key, clientCa }, tell) : undefined,
  }
}

/** What is open to everybody where a program listens, by the variable that says where. */
const open = {
  EXPORTER_HOST: 'read all metrics',
  INCIDENTS_HOST: 'read all incidents and report some that never were',
} as const

/** What is wrong with listening where others reach it, with what mends it. Undefined where nothing is. */
export const exposure = (env: Env, variable: keyof typeof open = 'EXPORTER_HOST'): string | undefined => {
  const { [variable]: host, EXPORTER_TOKEN: token, EXPORTER_USER: user, EXPORTER_TLS_CERT: cert } = env
  if (isLoopback(host)) return undefined
  const guarded = token !== undefined || user !== undefined || env.EXPORTER_TLS_CLIENT_CA !== undefined
  const unencrypted = 'cross the network unencrypted (set EXPORTER_TLS_CERT and EXPORTER_TLS_KEY)'
  const faults = [
    ...(guarded ? [] : [`everybody there may ${open[variable]} (set EXPORTER_TOKEN_FILE)`]),
    ...(cert === undefined ? [`${guarded ? 'metrics and what proves who asks' : 'they'} ${unencrypted}`] : []),
  ]
  if (faults.length === 0) return undefined
  return `it listens on ${host}, beyond this machine: ${faults.join(', and ')}. Or keep ${variable} at 127.0.0.1`
}

const isLoopback = (host: string) =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
