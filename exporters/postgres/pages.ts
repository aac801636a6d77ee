import { sumOf } from './ranked.ts'

/** How the values of one column lie on a page. */
export interface Column {
  /** Bytes of a value that is not null, as it is stored, on average. */
  readonly width: number
  /** 1, 2, 4 or 8. */
  readonly align: number
  /** Whether its values have different lengths. */
  readonly varies: boolean
  /** Share of rows in which it is null, 0 to 1. */
  readonly nulls: number
}

export interface Contents {
  readonly rows: number
  readonly columns: readonly Column[]
  /** Percent of a page that is filled before the next is begun. */
  readonly fillfactor: number
  /** Bytes of a page. */
  readonly block: number
}

// Of PostgreSQL's documentation, "Database Page Layout" and "B-Tree Indexes", and the headers named there:
// PageHeaderData, ItemIdData, HeapTupleHeaderData without its null bitmap, IndexTupleData, BTPageOpaqueData.
const pageHeader = 24
const pointer = 4
const rowHeader = 23
const entryHeader = 8
const entryNullBitmap = 4
const special = 16
/** Inner pages are filled that far whatever the fillfactor. */
const innerFillfactor = 70
/** A list of equal entries takes at most a tenth of a page when an index is built; each more is one row's place, 6 bytes. */
const longestList = 0.1
const place = 6
const widest = 8

const aligned = (bytes: number, to = widest) => Math.ceil(bytes / to) * to

/** Pages a table of these contents has when it was just written, in one go. */
export const tablePages = ({ rows, columns, fillfactor, block }: Contents) => {
  if (rows <= 0) return 0
  const nulls = someNull(columns)
  const header = nulls * aligned(rowHeader + Math.ceil(columns.length / 8)) + (1 - nulls) * aligned(rowHeader)
  const length = header + dataLength(columns) + pointer
  const room = block - pageHeader - (block * (100 - fillfactor)) / 100
  // Where lengths differ, on average half a row is left over at the end of a page.
  const exact = columns.every((one) => !one.varies && (one.nulls === 0 || one.nulls === 1))
  const perPage = exact ? Math.floor(room / length) : room / length - 0.5
  return Math.ceil(rows / Math.max(1, perPage))
}

export interface Entries extends Contents {
  /** Distinct entries, where equal ones are stored once with the places of all their rows. */
  readonly distinct?: number | undefined
}

/** Pages a B-tree of these contents has when it was just built. */
export const indexPages = (contents: Entries) => {
  if (contents.rows <= 0) return 1
  const perInner = Math.max(2, Math.floor(roomOf(contents, innerFillfactor) / (keyOf(contents.columns) + pointer)))
  let level = Math.max(1, Math.ceil(sumOf(alike(contents), leaves)))
  let pages = 1 + level
  while (level > 1) {
    level = Math.ceil(level / perInner)
    pages += level
  }
  return pages
}

/** Nulls are one entry in many rows: among the others they would make every entry look as if it were in some. */
const alike = ({ distinct, ...contents }: Entries): readonly Entries[] => {
  const [only, second] = contents.columns
  if (distinct === undefined || !only || second) return [{ ...contents, distinct }]
  const nulls = contents.rows * only.nulls
  const part = (rows: number, share: number, different: number): Entries => {
    return { ...contents, rows, columns: [{ ...only, nulls: share }], distinct: different }
  }
  return [part(nulls, 1, 1), part(contents.rows - nulls, 0, distinct)].filter(({ rows }) => rows > 0)
}

const leaves = (contents: Entries) => {
  const { rows, columns, fillfactor, block, distinct = rows } = contents
  const key = keyOf(columns)
  const full = roomOf(contents, fillfactor) - pointer
  const equal = rows / Math.max(1, Math.min(rows, distinct))
  // The last entry that fits goes to the next page, and leaves its key behind as the upper bound of this one.
  const perLeaf =
    equal < 2 ? Math.ceil(full / (key + pointer)) - 1 : (full - key - pointer) / listed({ key, equal, block })
  return rows / Math.max(1, perLeaf)
}

const roomOf = ({ block }: Contents, percent: number) => block - pageHeader - special - (block * (100 - percent)) / 100

const keyOf = (columns: readonly Column[]) => {
  const nulls = someNull(columns)
  return nulls * aligned(entryHeader + entryNullBitmap) + (1 - nulls) * entryHeader + dataLength(columns)
}

/** Bytes for one row among `equal` ones that are listed under their key. */
const listed = ({ key, equal, block }: { readonly key: number; readonly equal: number; readonly block: number }) => {
  const most = Math.max(1, Math.floor((block * longestList - pointer - key) / place))
  const lists = Math.ceil(equal / most)
  const last = equal - (lists - 1) * most
  const bytes = (count: number) => (count < 2 ? key : aligned(key + count * place)) + pointer
  return ((lists - 1) * bytes(most) + bytes(last)) / equal
}

/** As if columns were null independently of each other. */
const someNull = (columns: readonly Column[]) => 1 - columns.reduce((none, { nulls }) => none * (1 - nulls), 1)

/** Longest value with a header of one byte, which is not aligned. */
const longestShort = 126

/** Expected bytes of all values of a row with what aligns them, itself aligned. */
const dataLength = (columns: readonly Column[]) => {
  let length = 0
  // How probable it is that the next value could begin at each place modulo 8.
  let at: readonly number[] = [1, 0, 0, 0, 0, 0, 0, 0]
  for (const { width, align, varies, nulls } of columns) {
    const next = at.map((share) => share * nulls)
    for (const [start, share] of at.entries()) {
      const present = share * (1 - nulls)
      const begin = varies && width <= longestShort ? start : aligned(start, align)
      length += present * (begin - start + width)
      for (let end = 0; end < widest; end++) {
        const here = varies ? 1 / widest : Number((begin + width) % widest === end)
        next[end] = (next[end] ?? 0) + present * here
      }
    }
    at = next
  }
  return length + at.reduce((padding, share, end) => padding + share * (aligned(end) - end), 0)
}
