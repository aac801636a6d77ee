import type { TableName } from '../../config/reservations.ts'
import { identifier } from '../postgres/quoting.ts'

/** Takes note of a fault in the description, by the key that has it. */
export type Note = (key: string, fault: string) => void

/** What `quote` returns. Where it throws, that is noted. */
export const noting = (note: Note, key: string, quote: () => string): string => {
  try {
    return quote()
  } catch (error) {
    note(key, error instanceof Error ? error.message : String(error))
    return ''
  }
}

/** A name as it is written in SQL. The likely slips are refused, though a column could have such a name. */
export const nameIn = (note: Note, key: string, name: string): string =>
  noting(note, key, () => {
    if (/^".*"$/s.test(name)) throw new Error(`is ${name}: write it without the quotes, they are added`)
    if (name !== name.trim()) throw new Error(`is ${JSON.stringify(name)}: take out the space around it`)
    return identifier(name)
  })

/** Names as they are written in SQL, under the same keys; what is left out there is left out here. */
export const namesIn = <Key extends string>(
  note: Note,
  key: string,
  names: Readonly<Partial<Record<Key, string>>>,
): Readonly<Partial<Record<Key, string>>> => {
  const quoted: Partial<Record<Key, string>> = {}
  for (const one in names) {
    const name = names[one]
    if (name !== undefined) quoted[one] = nameIn(note, `${key}.${one}`, name)
  }
  return quoted
}

/** A table's name as it is written in SQL, with its schema where that is given. */
export const tableIn = (note: Note, key: string, { schema, name }: TableName) => {
  const [first, ...rest] = name.split('.')
  if (schema === undefined && rest.length > 0) {
    note(`${key}.name`, `is "${name}": write schema: '${first}', name: '${rest.join('.')}'`)
  }
  const table = nameIn(note, `${key}.name`, name)
  if (schema === undefined) return { sql: table }
  const room = nameIn(note, `${key}.schema`, schema)
  return { sql: `${room}.${table}`, schema: room }
}
