import type { Cell, Found } from '../reading.ts'

interface Submitted {
  query(sql: string): void
}
interface Field {
  readonly name: string
  readonly dataTypeID: number
}

/** What one statement found; `types` are the type oids of its columns. */
export interface Answer extends Found {
  readonly types: readonly number[]
  /** That the server took for it. */
  readonly milliseconds: number
}

interface Batch {
  /** Statements whose answers nobody needs. */
  readonly before: readonly string[]
  readonly questions: readonly string[]
  readonly after: readonly string[]
  /** Told each question's number and what it found. */
  readonly answered: (question: number, answer: Answer) => void
  /** Told why the server stopped, if it did, and at which question: -1 before the first. */
  readonly ended: (failure: Error | undefined, question: number) => void
}

/** Answers wait on the server until there are enough of them to send: when they arrive says nothing of what each took. */
const clock = 'select extract(epoch from clock_timestamp())::float8 * 1000'

/**
 * Many statements in one message, and so in one round trip. Numbers become numbers, whatever their type there; all else stays
 * the text that came over the wire. The server stops at the first statement that fails.
 */
export const batch = ({ before, questions, after, answered, ended }: Batch) => {
  let done = 0
  let time = 0
  let fields: readonly Field[] = []
  let numeric: readonly boolean[] = []
  let rows: (readonly Cell[])[] = []
  let last: Omit<Answer, 'milliseconds'> | undefined
  // Behind `before` stand a clock and then pairs of a question and a clock.
  const question = () => Math.floor((done - before.length - 1) / 2)
  const complete = () => {
    const found = { columns: fields.map(({ name }) => name), types: fields.map(({ dataTypeID }) => dataTypeID), rows }
    const isClock = done >= before.length && (done - before.length) % 2 === 0 && question() < questions.length
    if (isClock) {
      const now = Number(found.rows[0]?.[0])
      if (last) answered(question(), { ...last, milliseconds: now - time })
      time = now
    } else last = done > before.length ? found : undefined
    done += 1
    fields = []
    rows = []
  }
  return {
    submit: (connection: Submitted) => {
      const timed = questions.length === 0 ? [] : [clock, ...questions.flatMap((one) => [one, clock])]
      connection.query([...before, ...timed, ...after].join(';\n'))
    },
    handleRowDescription: (described: { readonly fields: readonly Field[] }) => {
      fields = described.fields
      numeric = fields.map(({ dataTypeID }) => numbers.has(dataTypeID))
    },
    // A number takes less room than its text, and there may be hundreds of thousands of them.
    handleDataRow: (row: { readonly fields: readonly (string | null)[] }) => {
      rows.push(row.fields.map((cell, at) => (cell !== null && numeric[at] ? Number(cell) : cell)))
    },
    handleCommandComplete: complete,
    handleError: (failure: Error) => ended(failure, Math.max(-1, question())),
    handleReadyForQuery: () => ended(undefined, questions.length),
  }
}

const numbers = new Set([20, 21, 23, 26, 28, 700, 701, 1700])
const boolean = 16

/** Rows by column name: numbers as numbers, true and false as such, all else as text. */
export const asRows = <Row>({ columns, types, rows }: Answer): readonly Row[] =>
  rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, asValue(row[at] ?? null, types[at])])) as Row)

const asValue = (cell: Cell, type: number | undefined) => (cell !== null && type === boolean ? cell === 't' : cell)
