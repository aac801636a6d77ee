import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Env } from '../../config/env.ts'
import { isCode, wordsOf } from '../../exporters/failure.ts'
import type { Finding, Seen } from './check.ts'
import { faultOfValue, readAssignments, type Weakness } from './placeholder.ts'

interface Options {
  readonly env: Env
  /** With lines such as `NAME=value`. */
  readonly files: readonly string[]
  readonly weak: Weakness
}

/** Bytes: whatever is longer is no secret. */
const longest = 65_536

/** Secrets in files and variables that are none: what they hold is told nowhere. */
export const secretsOfFiles = async ({ env, files, weak }: Options): Promise<Seen> => {
  const [findings, failures]: [Finding[], string[]] = [[], []]
  const told = new Set<string>()
  let looked = 0
  const consider = (where: string, name: string, fault: string | undefined) => {
    looked += 1
    if (fault === undefined || told.has(name)) return
    told.add(name)
    findings.push({
      what: `${where}: ${fault}`,
      remedy: 'make a random one (openssl rand -base64 24), and change it where it is used',
    })
  }
  for (const file of files) {
    const text = await readIfThere(file, failures)
    for (const [name, value] of readAssignments(text ?? '')) {
      consider(`${name} in ${resolve(file)}`, name, faultOfValue(name, value, weak))
    }
  }
  for (const [name, value] of Object.entries(env)) {
    if (typeof value !== 'string') continue
    const file = env.files[name]
    consider(
      file === undefined ? `the variable ${name}` : `${file}, of ${name}`,
      file ?? name,
      faultOfValue(name, value, weak),
    )
  }
  for (const path of await secretFiles(env.SECRETS_DIR, failures)) {
    const text = await readIfThere(path, failures)
    if (text === undefined || text.length > longest) continue
    const value = text.trim()
    consider(path, path, URL.canParse(value) ? faultOfValue('URL', value, weak) : weak(value))
  }
  return {
    findings,
    failures,
    notes: [`${looked} values of files and variables were looked at for placeholders`],
    samples: [],
  }
}

const readIfThere = async (path: string, failures: string[]) => {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (!isCode(cause, 'ENOENT')) failures.push(`${path}: ${wordsOf(cause)}`)
    return undefined
  }
}

/** One secret each, as `config/teams.ts` names them. */
const secretFiles = async (folder: string, failures: string[]) => {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.') && !entry.name.endsWith('.md'))
      .map(({ name }) => resolve(join(folder, name)))
  } catch (cause) {
    if (!isCode(cause, 'ENOENT')) failures.push(`${folder}: ${wordsOf(cause)}`)
    return []
  }
}
