/** Expressions are Go's templates, with what Alertmanager 0.25 knows: it is the oldest that reads them. */

/** How a message is written, for one kind of reader. */
export interface Format {
  readonly name: 'text' | 'slack' | 'html'
  /** Words of ours, as the format needs them. */
  readonly own: (words: string) => string
  /** What an expression yields. It may come from far away: no mark-up, no line and no header begins in it. */
  readonly value: (expression: string) => string
  readonly strong: (inner: string) => string
  /** A link to what `url`, a template, yields. */
  readonly link: (words: string, url: string) => string
  readonly code: (inner: string) => string
  /** One line of the message. */
  readonly line: (inner: string) => string
  /** Indented below a line. */
  readonly item: (inner: string) => string
}

/** Breaks lines, or turns the direction of what follows. */
const unprintable = '[\\p{Cc}\\x{2028}\\x{2029}\\x{200e}\\x{200f}\\x{202a}-\\x{202e}\\x{2066}-\\x{2069}]+'

/** A template of Go's within ours: replaces in what the expression yields. */
const replaced = (expression: string, pattern: string, by: string) =>
  `(reReplaceAll \`${pattern}\` \`${by}\` ${expression})`

/** An expression for the same in one line. */
export const oneLine = (expression: string): string => replaced(`(print ${expression})`, unprintable, ' ')

const plain: Format = {
  name: 'text',
  own: (words) => words,
  value: (expression) => `{{ ${oneLine(expression)} }}`,
  strong: (inner) => inner,
  link: (words, url) => `${words}: ${url}`,
  code: (inner) => inner,
  line: (inner) => `${inner}\n`,
  item: (inner) => `  ${inner}\n`,
}

const marks = [
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  // It would end a command, or begin one.
  ['\\x60', 'ˋ'],
] as const

/** Slack reads `<...>` as links and calls to everybody, `&` as the escape of them. */
const slack: Format = {
  ...plain,
  name: 'slack',
  own: (words) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  value: (expression) =>
    `{{ ${marks.reduce((inner, [pattern, by]) => replaced(inner, pattern, by), oneLine(expression))} }}`,
  strong: (inner) => `*${inner}*`,
  link: (words, url) => `<${url}|${words}>`,
  code: (inner) => `\`\`\`${inner}\`\`\``,
  item: (inner) => `${inner}\n`,
}

/** Alertmanager escapes what it fills into HTML, by where it stands. */
const html: Format = {
  name: 'html',
  own: (words) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  value: plain.value,
  strong: (inner) => `<b>${inner}</b>`,
  link: (words, url) => `<a href="${url}">${words}</a>`,
  code: (inner) => `<code>${inner}</code>`,
  line: (inner) => `<p>${inner}</p>\n`,
  item: (inner) => `<div style="margin-left:1em">${inner}</div>\n`,
}

export const formats = { text: plain, slack, html } as const

/** A template that others call by its name. */
export const define = (name: string, body: string): string => `{{ define "${name}" }}${body}{{ end }}\n`

/** What is said where the expression is the first of these values, the second, and so on. */
export const choose = (
  expression: string,
  says: readonly (readonly [value: string, says: string])[],
  otherwise = '',
): string =>
  says.length === 0
    ? otherwise
    : `${says.map(([value, said], place) => `{{ ${place > 0 ? 'else ' : ''}if eq ${expression} "${value}" }}${said}`).join('')}` +
      `${otherwise ? `{{ else }}${otherwise}` : ''}{{ end }}`
