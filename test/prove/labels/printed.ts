type Json = string | readonly Json[] | { readonly [key: string]: Json }

const width = 120
const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

const flat = (value: Json): string => {
  if (typeof value === 'string') return JSON.stringify(value)
  if (isList(value)) return `[${value.map(flat).join(', ')}]`
  const members = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${flat(one)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

/** @param before how much of its line is taken, and what comes after it */
const printedAt = (value: Json, indent: string, before: number): string => {
  const line = flat(value)
  if (typeof value === 'string' || before + line.length <= width) return line
  const inner = `${indent}  `
  const members = isList(value)
    ? value.map((one) => printedAt(one, inner, inner.length + 1))
    : Object.entries(value).map(([key, one]) => {
        const name = `${JSON.stringify(key)}: `
        return `${name}${printedAt(one, inner, inner.length + name.length + 1)}`
      })
  const [open, close] = isList(value) ? ['[', ']'] : ['{', '}']
  return `${open}\n${members.map((one) => inner + one).join(',\n')}\n${indent}${close}`
}

/** JSON as the formatter of this repository has it, so that it has nothing to change. */
export const printedJson = (value: Json): string => `${printedAt(value, '', 0)}\n`
