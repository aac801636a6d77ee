import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Env } from '../config/env.ts'
import { sourceVariables } from '../config/targets.ts'
import { isCode } from '../exporters/failure.ts'
import { replaceFile } from '../exporters/replace-file.ts'
import { newIdentity, publicHalfOf } from './backup/encryption.ts'

/**
 * What the jobs are given: in the demo, a key of its own besides, which nobody else has a use for.
 * @throws Error where something real is watched
 */
export const withDemo = async (env: Env): Promise<Env> => {
  if (env.JOBS_DEMO === undefined) return env
  const given = sourceVariables.filter((name) => env[name] !== undefined)
  if (given.length > 0) {
    throw new Error(`JOBS_DEMO is for the demo's own servers: unset it, or ${given.join(' and ')}`)
  }
  if (env.BACKUP_RECIPIENT !== undefined) return env
  const identity = await identityIn(join(env.JOBS_DIR, 'demo', 'identity'))
  return { ...env, BACKUP_IDENTITY: identity, BACKUP_RECIPIENT: await publicHalfOf(identity) }
}

const identityIn = async (file: string): Promise<string> => {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    if (!isCode(cause, 'ENOENT')) throw cause
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await replaceFile(file, `${await newIdentity()}\n`)
    return identityIn(file)
  }
}
