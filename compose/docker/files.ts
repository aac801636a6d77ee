import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import type { Env, Environment } from '../../config/env.ts'
import { type Watched, watched } from '../../config/targets.ts'
import { composeDeployment } from '../deployment.ts'
import { givenDeploymentOf, isDemo, root } from '../plan.ts'
import { isRemote } from '../scrapes.ts'

/** Written by `npm run pin`. */
export const pinnedFileName = 'docker-compose.pinned.yml'

/** What compose reads by itself where nobody names files: the second where there is one. */
const standard = ['docker-compose.yml', 'docker-compose.override.yml'] as const

/** The files that have to go over docker-compose.yml: for real services, and for what is stored by remote write. */
export const filesFor = (env: Env, what: Watched = watched): readonly string[] => {
  const given = !isDemo(env)
  const remote = isRemote(given ? givenDeploymentOf(env) : composeDeployment, what)
  return [
    ...(given ? ['docker-compose.targets.yml'] : []),
    ...(remote ? ['docker-compose.mimir.yml'] : []),
    ...(given && remote ? ['docker-compose.mimir-targets.yml'] : []),
  ]
}

export interface Files {
  /** Needed: read right after docker-compose.yml, so that what somebody put over it goes over them, too. */
  readonly over: readonly string[]
  /** Not read, whoever names it. */
  readonly without?: string
  /** Read over all of them, wherever somebody names it. */
  readonly last?: string
}

/** Compose's own variables: of the environment, or else of the file that compose reads beside it. */
const said = (name: string, environment: Environment, folder: string) => {
  const file = join(folder, '.env')
  return environment[name] ?? (existsSync(file) ? parseEnv(readFileSync(file, 'utf8'))[name] : undefined)
}

/** The value of COMPOSE_FILE: what somebody chose by it, or compose would take without, and what is needed besides. */
export const composeFileWith = ({ over, without, last }: Files, environment: Environment, folder = root): string => {
  const separator = said('COMPOSE_PATH_SEPARATOR', environment, folder) || delimiter
  const chosen = said('COMPOSE_FILE', environment, folder)
  const [first, ...rest] = chosen ? chosen.split(separator) : standard.filter((name) => existsSync(join(folder, name)))
  const same = (one: string, other: string) => resolve(folder, one) === resolve(folder, other)
  const missing = over.filter((name) => ![first ?? '', ...rest].some((one) => same(one, name)))
  const apart = [without, last].filter((name) => name !== undefined)
  const read = [first ?? standard[0], ...missing, ...rest].filter((name) => !apart.some((one) => same(one, name)))
  return [...read, ...(last === undefined ? [] : [last])].join(separator)
}
