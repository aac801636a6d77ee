/**
 * How a token of SQL begins, as PostgreSQL's own scanner divides the text. Names and parameters come as a whole: the
 * `$$` in `total$$` opens no string, the `e` in `note'x'` gives its string no escapes, the 1 in `t1` and `$1` is no number.
 */
const token = new RegExp(
  [
    /(?<blank>\s+|--[^\n\r]*)/,
    /(?<comment>\/\*)/,
    /(?<quote>[eE]?'|")/,
    /(?<dollar>\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)/,
    /(?<number>0(?:[xX][\dA-Fa-f_]+|[oO][0-7_]+|[bB][01_]+)|(?:\d[\d_]*\.?|\.\d)[\d_]*(?:[eE][+-]?\d[\d_]*)?)/,
    /(?<shown>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\$\d+|[\s\S])/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'y',
)
const hidden = "'…'"
const hiddenNumber = '…'

/**
 * A statement without its literals (strings and numbers) and comments, white space folded.
 *
 * pg_stat_statements replaces constants by $1 in most statements, but keeps utility statements as they were typed
 * (`ALTER ROLE ... PASSWORD`, `CREATE SUBSCRIPTION ... CONNECTION`, `SET`, `DO`), and any text of which it lost the
 * parsed form.
 * What is not closed is left out to the end, and so is what follows a literal that ends or not depending on the
 * server's settings (a backslash before a quote).
 */
export const withoutLiterals = (sql: string): string => {
  const parts: string[] = []
  for (let at = 0; at < sql.length; ) {
    token.lastIndex = at
    const { comment, quote, dollar, number, shown } = token.exec(sql)?.groups ?? {}
    let end = token.lastIndex
    if (shown !== undefined) parts.push(shown)
    else if (number !== undefined) parts.push(hiddenNumber)
    else if (quote !== undefined) {
      const closed = endOfQuoted(sql, end, quote)
      end = closed ?? sql.length
      const text = sql.slice(at, end)
      parts.push(quote === '"' && closed !== undefined ? text : hidden)
      if (quote === "'" && text.includes("\\'")) break
    } else if (dollar !== undefined) {
      const closing = sql.indexOf(dollar, end)
      end = closing < 0 ? sql.length : closing + dollar.length
      parts.push(hidden)
    } else {
      if (comment !== undefined) end = endOfComment(sql, at)
      parts.push(' ')
    }
    at = end
  }
  return parts.join('').replace(/\s+/g, ' ').trim()
}

/** Behind the closing quote, if there is one. A doubled quote closes nothing, nor, in `E''`, one behind a backslash. */
const endOfQuoted = (sql: string, start: number, opening: string) => {
  const quote = opening.slice(-1)
  for (let at = start; at < sql.length; at += 1) {
    if (sql[at] === '\\' && opening.length > 1) at += 1
    else if (sql[at] === quote) {
      if (sql[at + 1] !== quote) return at + 1
      at += 1
    }
  }
  return undefined
}

const mark = /\/\*|\*\//g

/** Block comments nest. */
const endOfComment = (sql: string, start: number) => {
  let depth = 0
  mark.lastIndex = start
  for (let found = mark.exec(sql); found; found = mark.exec(sql)) {
    depth += found[0] === '/*' ? 1 : -1
    if (depth === 0) return mark.lastIndex
  }
  return sql.length
}
