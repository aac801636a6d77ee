import { z } from 'zod'
import { type VulnerabilityLevel, vulnerabilityLevels } from '../../exporters/jobs/security.ts'

/** A package with a known vulnerability, or one that needs such a package. */
export interface Vulnerable {
  readonly name: string
  readonly level: VulnerabilityLevel
  /** What is known against it; the packages it has its own from, where it has none itself. */
  readonly because: readonly string[]
  readonly remedy: string
  /** Whether `npm audit fix` does it by itself, within the ranges of package.json. npm 6 does not say. */
  readonly fixable: boolean
}

const level = z.enum(vulnerabilityLevels)

/** Of npm 7 and newer. */
const second = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(
    z.string(),
    z.object({
      name: z.string(),
      severity: level,
      via: z.array(z.union([z.string(), z.object({ title: z.string(), url: z.string() })])),
      fixAvailable: z.union([
        z.boolean(),
        z.object({ name: z.string(), version: z.string(), isSemVerMajor: z.boolean() }),
      ]),
    }),
  ),
  metadata: z.object({ vulnerabilities: z.object({ total: z.number() }) }),
})

/** Of npm 6: what the registry told it. */
const first = z.object({
  advisories: z.record(
    z.string(),
    z.object({
      module_name: z.string(),
      severity: level,
      title: z.string(),
      url: z.string(),
      recommendation: z.string().optional(),
      findings: z.array(z.object({ paths: z.array(z.string()) })),
    }),
  ),
  metadata: z.object({ vulnerabilities: z.partialRecord(level, z.number()) }),
})

const refusal = z.object({
  message: z.string().optional(),
  error: z.object({ code: z.string().optional(), summary: z.string(), detail: z.string() }),
})

/**
 * Reads what `npm audit --json` printed.
 * @returns the packages it warns of; none only where npm said so
 * @throws Error where it is no report, in npm's own words where it gave any
 */
export const readNpmReport = (text: string): readonly Vulnerable[] => {
  const report = parsed(text)
  const newer = second.safeParse(report)
  if (newer.success) return ofSecond(newer.data)
  const older = first.safeParse(report)
  if (older.success) return ofFirst(older.data)
  const refused = refusal.safeParse(report)
  if (refused.success) throw new Error(wordsOfRefusal(refused.data))
  throw new Error('npm printed a report of a form that is not known here: look whether its version is newer')
}

const parsed = (text: string): unknown => {
  if (text.trim() === '') throw new Error('npm printed nothing')
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error('what npm printed is no JSON, or was cut off', { cause })
  }
}

const ofSecond = ({ vulnerabilities, metadata }: z.infer<typeof second>): readonly Vulnerable[] => {
  const found = Object.values(vulnerabilities)
  const { total } = metadata.vulnerabilities
  if (total !== found.length) throw contradiction(total, found.length)
  return found.map(({ name, severity, via, fixAvailable }) => ({
    name,
    level: severity,
    because: via.map((one) => (typeof one === 'string' ? `it needs ${one}` : `${one.title} (${one.url})`)),
    remedy: remedyOf(fixAvailable),
    fixable: fixAvailable === true,
  }))
}

const remedyOf = (fix: z.infer<typeof second>['vulnerabilities'][string]['fixAvailable']) => {
  if (fix === false)
    return 'there is no version without it yet: look for another package, or for what keeps it out of reach'
  if (fix === true) return 'run npm audit fix'
  const { name, version, isSemVerMajor } = fix
  return `install ${name}@${version}${isSemVerMajor ? ', a new major version: read what it changes first' : ''}`
}

/** Its metadata counts every path to a package; here, as in newer reports, each package counts once, by its worst. */
const ofFirst = ({ advisories, metadata }: z.infer<typeof first>): readonly Vulnerable[] => {
  const all = Object.values(advisories)
  const paths = all.flatMap(({ findings }) => findings.flatMap((one) => one.paths)).length
  const told = Object.values(metadata.vulnerabilities).reduce((sum, count) => sum + count, 0)
  if ((told === 0) !== (paths === 0)) throw contradiction(told, paths)
  return [...new Set(all.map(({ module_name }) => module_name))].map((name) => {
    const those = all.filter(({ module_name }) => module_name === name)
    return {
      name,
      level: vulnerabilityLevels.find((one) => those.some(({ severity }) => severity === one)) ?? 'info',
      because: those.map(({ title, url }) => `${title} (${url})`),
      remedy: those.map(({ recommendation }) => recommendation ?? 'run npm audit fix').join('; '),
      fixable: false,
    }
  })
}

const contradiction = (told: number, listed: number) =>
  new Error(
    `npm counts ${told} vulnerabilities and lists ${listed}: the report was cut, or something on the way changed it`,
  )

const wordsOfRefusal = ({ message, error: { code, summary, detail } }: z.infer<typeof refusal>) => {
  const [firstOfDetail = ''] = detail.split('\n')
  const said = [code, summary || message, firstOfDetail].filter(Boolean).join(': ')
  if (/^405 /.test(message ?? ''))
    return `${said}. This registry answers no audits: set one that does (npm config get registry)`
  if (code === 'ENOLOCK' || code === 'EAUDITNOLOCK') return `${said}. Commit its package-lock.json`
  return said || 'npm failed without a word'
}
