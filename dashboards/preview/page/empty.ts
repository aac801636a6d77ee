import { fieldConfigOf } from './fields.ts'
import { type DataFrame, type Field, FieldType, type GrafanaTheme2, getDisplayProcessor } from './grafana.ts'
import type { PanelJson } from './model.ts'
import type { TimeRange } from './times.ts'

/** NaN is what is left of a share of nothing: neither drawn nor known. */
const isNothing = (value: unknown) => value === null || value === undefined || Number.isNaN(value)

/** Labels alone are no data: where there are numbers, it is they that count. */
const countedIn = (fields: readonly Field[]) => {
  const numbers = fields.filter(({ type }) => type === FieldType.number)
  return numbers.length > 0 ? numbers : fields.filter(({ type }) => type !== FieldType.time)
}

/**
 * @param drawn the range of what is drawn over time: the first point of a series may lie before it, for steps are counted
 * from zero, and is not to be seen
 */
export const isEmpty = (frames: readonly DataFrame[], drawn?: TimeRange): boolean =>
  frames.every(({ fields, length }) => {
    const moments = drawn && fields.find(({ type }) => type === FieldType.time)?.values
    const isSeen = (row: number) => !drawn || !moments || (moments[row] >= drawn.from && moments[row] <= drawn.to)
    const isShown = ({ values }: Field) => values.some((value, row) => !isNothing(value) && isSeen(row))
    return length === 0 || !countedIn(fields).some(isShown)
  })

/** Whether a panel has a word for a value that is not there, such as UNKNOWN: a stat shows it even without a series. */
export const namesNothing = (panel: PanelJson, theme: GrafanaTheme2): boolean => {
  const { mappings = [] } = fieldConfigOf(panel).defaults
  const field = { name: '', type: FieldType.number, values: [], config: { mappings } }
  return panel.type === 'stat' && getDisplayProcessor({ field, theme })(null).text !== ''
}

export const emptyText = ({ fieldConfig }: PanelJson): string => {
  const noValue = fieldConfig?.defaults?.noValue
  return typeof noValue === 'string' && noValue ? noValue : 'No data'
}
