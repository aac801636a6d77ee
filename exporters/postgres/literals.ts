/** One token of SQL that may hold what nobody should read: a comment, a string of any quoting; or one that must be told from them: a quoted name. */
const token =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"(?:[^"]|"")*(?:"|$)|(?<quoted>\b[eE]'(?:\\[\s\S]|''|[^'\\])*(?:'|$)|'(?:''|[^'])*(?:'|$))|(?<dollar>\$(?<tag>[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[\s\S]*?(?:\$\k<tag>\$|$(?![\s\S])))/g

/**
 * A statement without its string literals and comments, white space folded.
 *
 * pg_stat_statements replaces constants by $1 in most statements, but keeps utility statements as they were typed
 * (`ALTER ROLE ... PASSWORD`, `CREATE SUBSCRIPTION ... CONNECTION`, `DO`), and any text of which it lost the parsed form.
 * What comes after a literal that ends or not depending on the server's settings (a backslash before a quote) is
 * left out whole.
 */
export const withoutLiterals = (sql: string): string => {
  const doubtful = doubtfulEnd(sql)
  const sure = doubtful === undefined ? sql : sql.slice(0, doubtful)
  const shown = sure.replace(token, (found, quoted, dollar) => {
    if (quoted !== undefined || dollar !== undefined) return "'…'"
    return found.startsWith('"') ? found : ' '
  })
  return `${shown}${doubtful === undefined ? '' : "'…'"}`.replace(/\s+/g, ' ').trim()
}

const doubtfulEnd = (sql: string) => {
  for (const match of sql.matchAll(token)) {
    const { quoted } = match.groups ?? {}
    if (quoted?.includes("\\'")) return match.index
  }
  return undefined
}
