import type { CheckName } from '../../config/security.ts'
import type { Finding, LeftOut, Seen } from './check.ts'

/** What became of a check. */
export interface Done {
  readonly name: CheckName
  readonly seen: Seen
}

export interface Audit {
  readonly at: Date
  readonly machine: string
  readonly done: readonly Done[]
  readonly leftOut: readonly LeftOut[]
}

const titles: Readonly<Record<CheckName, string>> = {
  npm_audit: 'Known vulnerabilities',
  certificates: 'Certificates',
  ports: 'Open ports',
  permissions: 'Files that everybody may change',
  logins: 'Refused logins',
  passwords: 'Passwords',
  postgres_roles: 'Roles of PostgreSQL',
  redis_acl: 'Users of Redis',
  updates: 'Security updates',
}

/** What control characters and those that turn the direction of writing would make of a name is not left to them. */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
/** What a name would be read as in Markdown: a link, code, HTML. */
const marks = /[[\]`<>\\]/g

/** A text of others, such as the name of a file, in one line of Markdown. */
const plain = (text: string) =>
  text.replace(marks, '\\$&').replace(hidden, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`)

const list = (lines: readonly string[]) => lines.map((line) => `- ${line}`)

/** The report, as Markdown. It names files, ports, roles and addresses, and no secret. */
export const reportOf = (audit: Audit): string => {
  const { at, machine, done, leftOut } = audit
  const lines = [
    '# Security audit',
    `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC, on ${plain(machine)}. ${summaryOf(audit)}`,
    table(done),
    ...done.flatMap(section),
    ...(leftOut.length === 0
      ? []
      : ['## Not looked at', list(leftOut.map((one) => `${titles[one.name]}: ${plain(one.leftOut)}`)).join('\n')]),
  ]
  return `${lines.join('\n\n')}\n`
}

const table = (done: readonly Done[]) =>
  [
    '| Check | Findings | |',
    '|---|---:|---|',
    ...done.map(({ name, seen: { findings, failures } }) => {
      const whole = failures.length === 0 ? '' : 'could not look at everything'
      const count = findings.length === 0 && failures.length > 0 ? '?' : findings.length
      return `| ${titles[name]} | ${count} | ${whole} |`
    }),
  ].join('\n')

const section = ({ name, seen: { findings, failures, notes } }: Done): readonly string[] => {
  const nothing =
    failures.length > 0
      ? 'That nothing stands here says nothing: not everything could be looked at.'
      : 'Nothing was found.'
  return [
    `## ${titles[name]}`,
    ...(findings.length === 0 ? [nothing] : grouped(findings)),
    ...(failures.length === 0 ? [] : [`Could not be looked at:\n\n${list(failures.map(plain)).join('\n')}`]),
    ...(notes.length === 0 ? [] : [`Looked at:\n\n${list(notes.map(plain)).join('\n')}`]),
  ]
}

/** What is mended in the same way stands together. */
const grouped = (findings: readonly Finding[]) =>
  [...new Set(findings.map(({ remedy }) => remedy))].map((remedy) => {
    const those = findings.filter((one) => one.remedy === remedy)
    return `${list(those.map(({ what }) => `**${plain(what)}**`)).join('\n')}\n\n  To do: ${plain(remedy)}`
  })

/** One sentence. */
export const summaryOf = ({ done, leftOut }: Audit): string => {
  const found = done.filter(({ seen }) => seen.findings.length > 0)
  const count = found.reduce((sum, { seen }) => sum + seen.findings.length, 0)
  const partial = done.filter(({ seen }) => seen.failures.length > 0)
  const words = found.map(({ name, seen }) => `${name} ${seen.findings.length}`).join(', ')
  const parts = [
    `${count} ${count === 1 ? 'finding' : 'findings'} of ${done.length} checks${words && `: ${words}`}`,
    ...(partial.length > 0 ? [`not everything could be looked at: ${partial.map(({ name }) => name).join(', ')}`] : []),
    ...(leftOut.length > 0 ? [`left out: ${leftOut.map(({ name }) => name).join(', ')}`] : []),
  ]
  return `${parts.join('; ')}.`
}
