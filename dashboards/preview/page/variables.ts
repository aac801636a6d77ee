import { isQueryFault, labelNames, labelValues, queryAt } from './api.ts'
import { forPromql, interpolate, type Lookup, lookupIn, type Meaning, namesIn } from './interpolate.ts'
import type { VariableJson } from './model.ts'
import { seriesName } from './results.ts'
import type { TimeRange } from './times.ts'

/** What stands for all values in a URL and in `current`. */
export const all = '$__all'

export interface Option {
  readonly value: string
  readonly text: string
}

/** A variable with what can be chosen and what is. */
export interface Variable {
  readonly json: VariableJson
  readonly options: readonly Option[]
  readonly selected: readonly string[]
  /** Why its values could not be read. */
  readonly fault?: string
}

const list = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined || value === '' ? [] : typeof value === 'string' ? [value] : value

/** The values to begin with: the URL's, else what the dashboard was saved with. */
const wishes = (json: VariableJson, fromUrl: readonly string[] | undefined): readonly string[] => {
  const chosen = fromUrl ?? list(json.current?.value)
  // People write All, and links of older Grafanas do.
  const values = chosen.map((value) => (value === 'All' && json.includeAll ? all : value))
  const single = json.multi ? values : values.slice(0, 1)
  return single.includes(all) ? [all] : single
}

/** What is no longer there cannot stay chosen, or every panel would be empty and nobody knew why. */
export const settle = (
  json: VariableJson,
  wished: readonly string[],
  options: readonly Option[],
): readonly string[] => {
  const known = (value: string) => (value === all ? json.includeAll : options.some((option) => option.value === value))
  const valid = wished.filter(known)
  if (valid.length > 0) return valid
  if (options.length === 0 && wished.length > 0) return wished
  if (json.includeAll) return [all]
  return options.slice(0, 1).map(({ value }) => value)
}

export const meaningOf = ({ json, options, selected }: Variable): Meaning => {
  const multi = (json.multi || json.includeAll) ?? false
  const chosenAll = selected.includes(all)
  if (chosenAll && json.allValue) return { values: [json.allValue], chosen: selected, text: 'All', raw: true }
  const values = chosenAll ? options.map(({ value }) => value) : selected
  return { values: values.length > 0 ? values : [''], chosen: selected, multi, ...(chosenAll && { text: 'All' }) }
}

export const tableOf = (variables: readonly Variable[]): Readonly<Record<string, Meaning>> =>
  Object.fromEntries(variables.map((variable) => [variable.json.name, meaningOf(variable)]))

// --- where the options come from ------------------------------------------------------------------------------------

const options = (values: readonly string[]): readonly Option[] => values.map((value) => ({ value, text: value }))

const queryText = ({ query }: VariableJson) => (typeof query === 'string' ? query : (query?.query ?? ''))

/** `label_values(...)` and its kin, as Grafana's Prometheus source knows them. */
const runQuery = async (text: string, range: TimeRange, signal: AbortSignal): Promise<readonly string[]> => {
  const values = /^label_values\((?:(.+),\s*)?([a-zA-Z_$][\w:]*)\s*\)$/s.exec(text)
  if (values) return (await labelValues(values[2] ?? '', values[1]?.trim(), range, signal)).data
  const names = /^label_names\((.*)\)$/s.exec(text)
  if (names) return (await labelNames(names[1]?.trim() || undefined, range, signal)).data
  const metrics = /^metrics\((.*)\)$/s.exec(text)
  if (metrics) {
    const { data } = await labelValues('__name__', undefined, range, signal)
    return data.filter((name) => new RegExp(metrics[1] ?? '').test(name))
  }
  const result = /^query_result\((.*)\)$/s.exec(text)
  const { data } = await queryAt(result?.[1] ?? text, range.to, signal)
  if (data.resultType !== 'vector') return []
  return data.result.map(({ metric, value }) => `${seriesName(metric)} ${value?.[1] ?? ''}`)
}

/** `/pattern/flags`, or a pattern alone; its first group is the value. */
const filter = (values: readonly string[], regex: string | undefined): readonly string[] => {
  if (!regex) return values
  const [, pattern = regex, flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(regex) ?? []
  const matcher = new RegExp(pattern, flags.replace('g', ''))
  return [
    ...new Set(
      values.flatMap((value) => {
        const found = matcher.exec(value)
        return found ? [found.groups?.value ?? found[1] ?? value] : []
      }),
    ),
  ]
}

const compare = new Intl.Collator('en', { numeric: true }).compare

/** Grafana's numbers: 1 and 2 by letters, 3 and 4 by number, from 5 on without case; the even ones downwards. */
export const sorted = (values: readonly string[], order = 0): readonly string[] => {
  if (order === 0) return values
  const upwards = values.toSorted(compare)
  return order % 2 === 0 ? upwards.toReversed() : upwards
}

const listed = (json: VariableJson): readonly Option[] => {
  const pairs = queryText(json)
    .split(/(?<!\\),/)
    .map((part) => part.trim())
    .filter(Boolean)
  return pairs.map((pair) => {
    const [, text = pair, value = pair] = /^(.*?)\s+:\s+(.*)$/.exec(pair) ?? []
    return { text, value }
  })
}

const optionsOf = async (json: VariableJson, lookup: Lookup, range: TimeRange, signal: AbortSignal) => {
  if (json.type === 'query') {
    const text = interpolate(queryText(json), lookup, forPromql)
    const values = filter((await runQuery(text.trim(), range, signal)).filter(Boolean), json.regex)
    return options(sorted(values, json.sort))
  }
  if (json.type === 'custom' || json.type === 'interval') return listed(json)
  if (json.type === 'datasource') return options(['Prometheus'])
  return options([queryText(json)])
}

const words = (reason: unknown) => (isQueryFault(reason) || reason instanceof Error ? reason.message : String(reason))

interface Reading {
  readonly fromUrl: Readonly<Record<string, readonly string[]>>
  /** What is known from before: its options stay when they cannot be read anew. */
  readonly before: readonly Variable[]
  readonly macros: Readonly<Record<string, Meaning>>
  readonly range: TimeRange
  readonly signal: AbortSignal
}

const readOne = async (json: VariableJson, reading: Reading, earlier: readonly Variable[]): Promise<Variable> => {
  const { fromUrl, before, macros, range, signal } = reading
  const wished = wishes(json, fromUrl[json.name])
  if (json.type === 'datasource') return { json, options: options(['Prometheus']), selected: wished }
  try {
    const found = await optionsOf(json, lookupIn(tableOf(earlier), macros), range, signal)
    return { json, options: found, selected: json.type === 'textbox' ? wished : settle(json, wished, found) }
  } catch (reason) {
    signal.throwIfAborted()
    const known = before.find((one) => one.json.name === json.name)?.options ?? []
    const selected = wished.length === 0 && json.includeAll ? [all] : wished
    return { json, options: known, selected, fault: words(reason) }
  }
}

/** Reads all options; a variable waits for those that its query names, the others do not wait for each other. */
export const readVariables = async (list: readonly VariableJson[], reading: Reading): Promise<readonly Variable[]> => {
  const under = new Map<string, Promise<Variable>>()
  const start = (json: VariableJson, place: number) => {
    const names = namesIn(`${queryText(json)} ${json.regex ?? ''}`)
    const needed = list.slice(0, place).filter(({ name }) => names.includes(name))
    const waiting = needed.flatMap(({ name }) => under.get(name) ?? [])
    const read = Promise.all(waiting).then((earlier) => readOne(json, reading, earlier))
    under.set(json.name, read)
    return read
  }
  return Promise.all(list.map(start))
}
