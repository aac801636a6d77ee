import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Env } from '../../config/env.ts'
import { generatedFolderOf } from '../docker/given.ts'
import { secretsDirOf } from '../plan.ts'
import { filledIn } from './alertmanager.ts'

/**
 * The configuration of a tenant's Alertmanager with its secrets: for what is given that of its own, which has no pager of the demo's.
 * @throws Error where it was not written yet, with what writes it
 */
export const filledFor = (env: Env, folder = generatedFolderOf(env)): string => {
  const file = join(folder, 'mimir/alertmanager.yml')
  if (!existsSync(file)) throw new Error(`there is no ${file}: type npm run generate -- --given`)
  const secrets = secretsDirOf(env)
  return filledIn(readFileSync(file, 'utf8'), (path) => readFileSync(join(secrets, basename(path)), 'utf8'))
}
