import { access, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { SecuritySettings } from '../../config/security.ts'
import { wordsOf } from '../../exporters/failure.ts'
import { securityVulnerabilities, vulnerabilityLevels } from '../../exporters/jobs/security.ts'
import { within } from '../../exporters/time-limit.ts'
import { findProgram, startProgram } from '../program.ts'
import { type Check, counted, type Finding, type Planned } from './check.ts'
import { readNpmReport, type Vulnerable } from './npm-report.ts'

interface Options {
  readonly folders: readonly string[]
  readonly settings: SecuritySettings['npm']
  /** A folder that may be made and removed. */
  readonly scratch: string
  /** Where npm is; on PATH otherwise. */
  readonly npm?: string | undefined
}

/** Known vulnerabilities of what is installed from npm. One that could not be asked for is never none. */
export const npmAudit = ({ folders, settings, scratch, npm }: Options): Planned => {
  if (folders.length === 0)
    return { name: 'npm_audit', leftOut: 'no folder is named in config/security.ts, and API_DIR is not set' }
  const look: Check['look'] = async ({ signal, progress }) => {
    const program = npm ?? findProgram('npm')
    if (program === undefined) throw new Error('there is no npm on PATH: install it beside Node')
    const asked = { program, scratch, seconds: settings.seconds, signal }
    const [found, failures]: [Map<string, readonly Vulnerable[]>, string[]] = [new Map(), []]
    for (const folder of folders) {
      try {
        found.set(folder, await knownOf(folder, asked))
      } catch (cause) {
        signal.throwIfAborted()
        failures.push(`${folder}: ${wordsOf(cause)}`)
      }
      progress()
    }
    return {
      findings: [...found].flatMap(([folder, those]) => those.map((one) => findingOf(folder, one))),
      failures,
      notes: [...found].map(([folder, { length }]) => `${folder}: ${length} packages with a known vulnerability`),
      samples: samplesOf([...found.values()].flat(), failures),
    }
  }
  return { name: 'npm_audit', subjects: folders.map((folder) => `npm audit of ${resolve(folder)}`), look }
}

interface Asked {
  readonly program: string
  readonly scratch: string
  readonly seconds: number
  readonly signal: AbortSignal
}

/**
 * What is known against the packages of a folder.
 * @throws Error saying why npm could not ask, also where what answers knows of nothing at all
 */
export const knownOf = (folder: string, { program, scratch, seconds, signal }: Asked): Promise<readonly Vulnerable[]> =>
  audited(folder, scratch, (one) => report([program, ...question], one, within(seconds * 1_000, signal)))

/**
 * `offline` and `audit` may stand in a .npmrc, and npm then prints that it knows of nothing, without having asked. What it
 * waits for an answer, and how often it asks again, is less than usual: the network is there or it is not. What is only
 * developed with is not installed where the service runs.
 */
const question = [
  ...['audit', '--json', '--omit=dev', '--offline=false', '--audit=true'],
  ...['--fetch-retries=1', '--fetch-timeout=60000'],
]

const audited = async (folder: string, scratch: string, ask: (folder: string) => Promise<string>) => {
  // Without a lock file of its own npm would look at that of a folder above.
  const locks = ['package-lock.json', 'npm-shrinkwrap.json'].map((name) => access(join(folder, name)))
  await Promise.any(locks).catch((cause: unknown) => {
    throw new Error('it has no package-lock.json, without which npm does not know what is installed: commit one', {
      cause,
    })
  })
  const found = readNpmReport(await ask(folder))
  if (found.length === 0) await believe(folder, scratch, ask)
  return found
}

/** A package of which has been known for years that it is vulnerable. */
const notorious = { name: 'lodash', version: '4.17.4' }

/** Whether who answers knows anything at all: a mirror may answer every question with an empty list. */
const believe = async (audited: string, folder: string, ask: (folder: string) => Promise<string>) => {
  // Whoever was killed may have left it.
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  try {
    // It may name the registry.
    await symlink(resolve(audited, '.npmrc'), join(folder, '.npmrc'))
    const { name, version } = notorious
    const packages = { '': { dependencies: { [name]: version } }, [`node_modules/${name}`]: { version } }
    const own = { name: 'nothing', version: '1.0.0' }
    await writeFile(join(folder, 'package.json'), JSON.stringify({ ...own, dependencies: { [name]: version } }))
    await writeFile(join(folder, 'package-lock.json'), JSON.stringify({ ...own, lockfileVersion: 3, packages }))
    if (readNpmReport(await ask(folder)).length > 0) return
    throw new Error(
      `the registry knows of no vulnerability, not even of ${name} ${version}: its answers are worth nothing. Set a registry that answers audits`,
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** npm ends with 1 where it found something, and where it failed: what it printed says which. */
const report = async (command: readonly string[], cwd: string, signal: AbortSignal) => {
  const { stdin, stdout, ended } = startProgram(command, { signal, cwd: resolve(cwd) })
  stdin.end()
  const chunks: Buffer[] = []
  for await (const chunk of stdout) chunks.push(chunk)
  const failure = await ended.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  if (signal.aborted) throw new Error('npm did not answer in time', { cause: signal.reason })
  const text = Buffer.concat(chunks).toString()
  if (text.trim() === '' && failure !== undefined) throw failure
  return text
}

const findingOf = (folder: string, { name, level, because, remedy }: Vulnerable): Finding => ({
  what: `${level}: ${name} in ${folder}: ${because.join('; ')}`,
  remedy,
})

const samplesOf = (found: readonly Vulnerable[], failures: readonly string[]) =>
  vulnerabilityLevels.flatMap((level) => {
    const { length } = found.filter((one) => one.level === level)
    return counted(
      { ...securityVulnerabilities, sample: (value) => securityVulnerabilities.sample(value, { level }) },
      length,
      failures,
    )
  })
