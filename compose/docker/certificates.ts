import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import type { Env } from '../../config/env.ts'
import { sourceVariables } from '../../config/targets.ts'
import { root } from '../plan.ts'
import { shutFromContainer } from './mounts.ts'

/** Where docker-compose.targets.yml mounts TLS_DIR for the exporter. */
const place = '/run/given/tls'

/** As libpq names them in a URL: whom we trust, and who we are. */
const inUrl = ['sslrootcert', 'sslcert', 'sslkey'] as const
const ofRedis = ['REDIS_TLS_CA', 'REDIS_TLS_CERT', 'REDIS_TLS_KEY'] as const

/** Every path that the exporter is to read a certificate or a key from, and who says so. */
const named = (env: Env): readonly (readonly [name: string, path: string])[] => [
  ...sourceVariables.flatMap((variable) => {
    const url = env[variable]
    if (url === undefined) return []
    const { searchParams } = new URL(url)
    return inUrl.flatMap((name) => {
      const path = searchParams.get(name)
      return path ? [[`${name} of ${variable}`, path] as const] : []
    })
  }),
  ...ofRedis.flatMap((name) => {
    const path = env[name]
    return path === undefined ? [] : [[name, path] as const]
  }),
]

/** Certificates that the exporter would not find or not read in its container, one line each. */
export const certificateFaults = (env: Env): readonly string[] =>
  named(env).flatMap(([name, path]) => {
    const says = `${name} is ${path}`
    if (!path.startsWith(`${place}/`))
      return [
        `${says}, which is not there in a container: put it into a folder, name that in TLS_DIR, and write ${place}/${basename(path)}`,
      ]
    if (env.TLS_DIR === undefined) return [`${says}: name the folder of this machine that it is in, in TLS_DIR`]
    const file = join(resolve(root, env.TLS_DIR), path.slice(place.length))
    if (!existsSync(file)) return [`${says}, and there is no ${file}`]
    const shut = shutFromContainer(file)
    return shut === undefined ? [] : [`${says}, and ${shut}`]
  })
