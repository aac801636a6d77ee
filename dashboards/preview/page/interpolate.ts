/** What a name stands for: one value, several, or a text that is put in as it is. */
export interface Meaning {
  readonly values: readonly string[]
  /** Said instead of the values where people read it, such as `All`. */
  readonly text?: string
  /** What an address says instead of the values, such as `$__all`. */
  readonly chosen?: readonly string[]
  /** Put in as it is: a macro, or a variable's own expression for All. */
  readonly raw?: boolean
  /** Whether it may hold several: those are regular expressions even while there is one. */
  readonly multi?: boolean
}

/** Looks a name up; `path` is what follows its first dot. Undefined: unknown, and the text stays as it is. */
export type Lookup = (name: string, path?: string) => Meaning | undefined

export type Formatting = (meaning: Meaning) => string

const reference =
  /\$(?<plain>\w+)|\$\{(?<name>\w+)(?:(?<path>\.[^:}]+|\[[^\]}]+\][^:}]*))?(?::(?<format>[^}]+))?\}|\[\[(?<old>\w+)(?::(?<oldFormat>\w+))?\]\]/g

const escapeRegex = (value: string) => value.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&')

/** Within a quoted string of PromQL a backslash is doubled once for the string, once for the expression. */
const escapeForPromql = (value: string) =>
  value.replaceAll('\\', '\\\\\\\\').replace(/[$^*{}[\]"+?.()|]/g, (char) => (char === '"' ? '\\"' : `\\\\${char}`))

const escapePlain = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

/** What Grafana's Prometheus source makes of a variable in an expression: several values are one regular expression. */
export const forPromql: Formatting = ({ values, multi, raw }) => {
  if (raw) return values.join('')
  if (!multi) return values.map(escapePlain).join('|')
  const escaped = values.map(escapeForPromql)
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`
}

export const forPeople: Formatting = ({ values, text }) => text ?? values.join(' + ')
export const forUrls: Formatting = ({ values, raw }) => values.map(raw ? String : encodeURIComponent).join(',')

const quoted = (mark: string) => (value: string) => mark + value.replaceAll(mark, `\\${mark}`) + mark

const formats: Readonly<Record<string, Formatting>> = {
  raw: ({ values }) => values.join(','),
  csv: ({ values }) => values.join(','),
  pipe: ({ values }) => values.join('|'),
  text: forPeople,
  json: ({ values }) => JSON.stringify(values.length === 1 ? values[0] : values),
  regex: ({ values }) =>
    values.length === 1 ? escapeRegex(values[0] ?? '') : `(${values.map(escapeRegex).join('|')})`,
  glob: ({ values }) => (values.length === 1 ? (values[0] ?? '') : `{${values.join(',')}}`),
  percentencode: forUrls,
  singlequote: ({ values }) => values.map(quoted("'")).join(','),
  doublequote: ({ values }) => values.map(quoted('"')).join(','),
}

/**
 * Replaces `$name`, `${name}`, `${name.path}`, `${name:format}` and `[[name]]`. What nobody knows stays as it stands,
 * so that a mistake is seen.
 */
export const interpolate = (text: string, lookup: Lookup, usual: Formatting): string =>
  text.replace(reference, (whole, ...args) => {
    const groups: Readonly<Record<string, string | undefined>> = args.at(-1)
    const { plain, name, old, path, format, oldFormat } = groups
    const found = plain ?? name ?? old ?? ''
    const meaning = lookup(found, path)
    if (meaning === undefined) return whole
    const given = format ?? oldFormat
    if (given === 'queryparam') {
      return (meaning.chosen ?? meaning.values).map((value) => `var-${found}=${encodeURIComponent(value)}`).join('&')
    }
    return ((given && formats[given]) || usual)(meaning)
  })

/** The names that a text refers to. */
export const namesIn = (text: string): readonly string[] =>
  [...text.matchAll(reference)].map(({ groups }) => groups?.plain ?? groups?.name ?? groups?.old ?? '')

const macro = (value: number | string): Meaning => ({ values: [String(value)], raw: true })

/** The macros of a period; those of a step come with the step of the query. */
export const rangeMacros = ({ from, to }: { readonly from: number; readonly to: number }) => {
  const seconds = Math.max(1, Math.round((to - from) / 1000))
  return {
    __range: macro(`${seconds}s`),
    __range_s: macro(seconds),
    __range_ms: macro(to - from),
    __from: macro(from),
    __to: macro(to),
  }
}

export const stepMacros = (step: number, rate: number, write: (milliseconds: number) => string) => ({
  __interval: macro(write(step)),
  __interval_ms: macro(step),
  __rate_interval: macro(write(rate)),
  __rate_interval_ms: macro(rate),
})

/** Looks names up in tables, the first that knows one wins. */
export const lookupIn =
  (...tables: readonly Readonly<Record<string, Meaning>>[]): Lookup =>
  (name) =>
    tables.find((table) => Object.hasOwn(table, name))?.[name]
