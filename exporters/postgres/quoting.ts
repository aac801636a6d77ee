/** What no text of PostgreSQL can hold: NUL ends one in its protocol, half a surrogate pair has no UTF-8. */
const unsendable = /[\0\p{Surrogate}]/u
/** NAMEDATALEN - 1. The server cuts longer names off, and says so only in a notice. */
const longestName = 63

/**
 * A value as it is written in SQL. Its type is open: compared with a column it takes the type of that column.
 * @throws Error where the text holds NUL or half a surrogate pair
 */
export const literal = (text: string): string => {
  if (unsendable.test(text)) throw new Error('is no text that PostgreSQL can hold: take out NUL and broken characters')
  const quoted = `'${text.replaceAll("'", "''")}'`
  // The E makes a backslash mean the same whatever standard_conforming_strings is; the space keeps it off a word before it.
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

/**
 * The name of a table or column as it is written in SQL: always quoted, so that case and reserved words matter not.
 * @throws Error where no table or column can have that name
 */
export const identifier = (name: string): string => {
  if (name === '') throw new Error('is empty: write a name')
  if (unsendable.test(name)) throw new Error('is no name that PostgreSQL can hold: take out NUL and broken characters')
  const bytes = Buffer.byteLength(name)
  if (bytes > longestName) throw new Error(`is ${bytes} bytes long: PostgreSQL keeps ${longestName} bytes of a name`)
  return `"${name.replaceAll('"', '""')}"`
}
