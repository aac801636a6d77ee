import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Env, UrlVariable } from '../../config/env.ts'
import { sourceVariables, targets } from '../../config/targets.ts'
import { artefacts } from '../artefacts.ts'
import { writeGenerated } from '../generated-files.ts'
import { givenDeploymentOf, isDemo, root } from '../plan.ts'
import { certificateFaults } from './certificates.ts'
import { forGiven } from './generated-for.ts'
import { assertReadable, shutFromContainer } from './mounts.ts'

/** What docker-compose.targets.yml mounts: no part of the repository, because every installation has its own. */
const place = join(root, '.local/given')

/** Where the configuration lies that the containers read: for what is given its own, and the demo's otherwise. */
export const generatedFolderOf = (env: Env): string => (isDemo(env) ? join(root, 'compose/generated') : place)

/** Of their own: that folder is to hold what is generated, and nothing else. */
const urls = join(root, '.local/given-urls')

const named = new Set<UrlVariable>(Object.values(targets).map(({ url }) => url))

/** The URLs that the exporter reads; the API's stand in the configuration of Prometheus. */
const readByExporter = (env: Env) => sourceVariables.filter((name) => named.has(name) && env[name] !== undefined)

const loopback = /^(localhost|127\.|\[?::1\]?$|0\.0\.0\.0$)/

/** What cannot be reached from a container, one line each. */
const unreachable = (env: Env) =>
  [...sourceVariables, 'API_METRICS_URL' as const].flatMap((name) => {
    const url = env[name]
    return url !== undefined && loopback.test(new URL(url).hostname)
      ? [
          `${name} names ${new URL(url).hostname}, which in a container is the container itself: write a name that others reach it by`,
        ]
      : []
  })

const unreadable = ({ files }: Env) =>
  [...named].flatMap((name) => {
    const file = files[name]
    const shut = file === undefined ? undefined : shutFromContainer(file)
    return shut === undefined ? [] : [`${name}_FILE: ${shut}`]
  })

/** @throws Error with a line for each fault */
export const assertGiven = (env: Env): void => {
  if (isDemo(env))
    throw new Error(`there is nothing to watch: give ${sourceVariables.join(', ')}, or the first two as NAME_FILE`)
  const faults = [...unreachable(env), ...unreadable(env), ...certificateFaults(env)]
  if (faults.length > 0)
    throw new Error(`could not watch what is given with containers:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
}

/** Writes the configuration for what is given, where docker-compose.targets.yml looks for it. */
export const writeGiven = (env: Env, say: (line: string) => void, folder = place): void => {
  assertGiven(env)
  const files = [...artefacts(givenDeploymentOf(env))].map(([path, text]) => [path, forGiven(text)] as const)
  writeGenerated(new Map(files), folder)
  assertReadable(folder)
  say(
    `The configuration for ${sourceVariables.filter((name) => env[name] !== undefined).join(', ')} is in .local/given`,
  )
}

/** What compose is told, besides the environment. What came by value goes into a file: a container's variables are shown to many. */
export const givenVariables = (env: Env, folder = urls): Readonly<Record<string, string>> => {
  const files = readByExporter(env).map((name) => {
    const own = join(folder, name.toLowerCase())
    if (env.files[name] === undefined) {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      writeFileSync(own, `${env[name]}\n`, { mode: 0o644 })
    }
    return [`${name}_FILE`, env.files[name] ?? own] as const
  })
  return Object.fromEntries(files)
}
