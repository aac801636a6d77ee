import { textWidth } from './dom.ts'
import { type DataFrame, type Field, FieldType, getFieldDisplayName } from './grafana.ts'

/** What Grafana keeps under `custom` of a table's column. */
interface ColumnStyle {
  readonly width?: number
  readonly align?: string
  readonly hidden?: boolean
  readonly hideFrom?: { readonly viz?: boolean }
  readonly cellOptions?: { readonly type?: string; readonly mode?: string; readonly wrapText?: boolean }
}

export interface Column {
  readonly title: string
  readonly field: Field
  readonly style: ColumnStyle
  readonly numeric: boolean
  readonly cells: readonly { readonly text: string; readonly colour?: string; readonly percent?: number }[]
}

export const columnsOf = (frame: DataFrame): readonly Column[] =>
  frame.fields.flatMap((field) => {
    const style: ColumnStyle = field.config.custom ?? {}
    if (style.hidden || style.hideFrom?.viz) return []
    const cells = Array.from({ length: frame.length }, (_, row) => {
      const value: unknown = field.values[row]
      // An empty value too: what stands in its place is for mappings and `noValue` to say.
      const { prefix = '', text, suffix = '', color, percent } = field.display?.(value) ?? { text: String(value ?? '') }
      return {
        text: `${prefix}${text}${suffix}`,
        ...(color && { colour: color }),
        ...(percent !== undefined && { percent }),
      }
    })
    return { title: getFieldDisplayName(field, frame), field, style, cells, numeric: field.type === FieldType.number }
  })

const font = '14px Inter, sans-serif'
const padding = 22
const widest = 640
const narrowest = 96

/** Digits are all as wide as a nought on the page, and not on the canvas that measures. */
const widthOf = (text: string, weight = 400) => textWidth(text.replace(/\d/g, '0'), `${weight} ${font}`) + padding

const longestOf = ({ cells }: Column) => cells.reduce((most, { text }) => (text.length > most.length ? text : most), '')

/** What a column would like, and what it needs: words can be cut, a number that is cut is another number. */
const wishOf = (column: Column) => {
  const { title, style, numeric } = column
  if (style.width !== undefined) return { natural: style.width, least: style.width }
  const content = widthOf(longestOf(column)) + (style.cellOptions?.type === 'gauge' ? 120 : 0)
  // The head has room for the mark of its order.
  const natural = Math.min(widest, Math.max(widthOf(title, 500) + 18, content))
  return { natural, least: Math.min(natural, numeric ? Math.max(content, 56) : narrowest) }
}

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)

/** Fixed widths stay. Where there is too little room, what can be cut is; where there is more, all get a share. */
export const widthsOf = (columns: readonly Column[], room: number): readonly number[] => {
  const wishes = columns.map(wishOf)
  const spare = room - total(wishes.map(({ natural }) => natural))
  if (spare < 0) {
    const slack = total(wishes.map(({ natural, least }) => natural - least))
    const share = slack > 0 ? Math.min(1, -spare / slack) : 0
    return wishes.map(({ natural, least }) => natural - share * (natural - least))
  }
  const growing = total(wishes.map(({ natural }, place) => (columns[place]?.style.width === undefined ? natural : 0)))
  return wishes.map(({ natural }, place) =>
    columns[place]?.style.width === undefined && growing > 0 ? natural * (1 + spare / growing) : natural,
  )
}

/** Rows in the order of one column, where they are alike in that of the next; what is empty comes last either way. */
export const orderOf = (
  by: readonly { readonly column: Column; readonly descending: boolean }[],
  rows: number,
): readonly number[] => {
  const compare = new Intl.Collator('en', { numeric: true }).compare
  const empty = (value: unknown) => value === null || value === undefined || Number.isNaN(value)
  const difference = (left: unknown, right: unknown, descending: boolean) => {
    if (empty(left) || empty(right)) return Number(empty(left)) - Number(empty(right))
    const order =
      typeof left === 'number' && typeof right === 'number' ? left - right : compare(String(left), String(right))
    return descending ? -order : order
  }
  return Array.from({ length: rows }, (_, row) => row).sort((a, b) => {
    for (const { column, descending } of by) {
      const order = difference(column.field.values[a], column.field.values[b], descending)
      if (order !== 0) return order
    }
    return 0
  })
}
