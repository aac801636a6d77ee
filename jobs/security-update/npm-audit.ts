import { z } from 'zod'

/** Since npm 7. `fixAvailable` is an object where the fix leaves the range that package.json allows: only `--force` takes it. */
const report = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(
    z.string(),
    z.object({
      severity: z.string(),
      range: z.string().optional(),
      fixAvailable: z.union([z.boolean(), z.object({ name: z.string(), version: z.string() })]),
    }),
  ),
})
/** What npm prints instead where the audit could not run; which of them depends on where it failed. */
const refusal = z.object({
  message: z.string().optional(),
  error: z.object({ summary: z.string().optional(), code: z.string().nullish() }).optional(),
})

/** A package with a known vulnerability. */
export interface Vulnerable {
  readonly name: string
  readonly severity: string
  /** `fix` is what `npm audit fix` does by itself, `force` what leaves the ranges of package.json. */
  readonly remedy: 'fix' | 'force' | 'none'
}

/**
 * What `npm audit --json` says.
 * @throws Error where the audit could not run, with npm's own words, or where it says something else
 */
export const readAudit = (text: string): readonly Vulnerable[] => {
  const json = parsed(text)
  const found = report.safeParse(json)
  if (!found.success) throw new Error(whyNot(json))
  return Object.entries(found.data.vulnerabilities).map(([name, { severity, fixAvailable }]) => ({
    name,
    severity,
    remedy: fixAvailable === true ? 'fix' : fixAvailable === false ? 'none' : 'force',
  }))
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error('npm audit printed no report', { cause })
  }
}

const whyNot = (json: unknown) => {
  const { message, error } = refusal.safeParse(json).data ?? {}
  const words = message || error?.summary || error?.code
  return words
    ? `npm audit could not run: ${words.trim()}`
    : 'npm audit printed a report of another shape than that of npm 7 and later'
}
