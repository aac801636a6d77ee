import type uPlot from 'uplot'
import type { Mark } from './annotations.ts'
import { hideTooltip, showBeside } from './beside.ts'
import { el, keepingFocus } from './dom.ts'
import { withArrows } from './dropdown.ts'
import type { Exemplar } from './exemplars.ts'
import { valueMark } from './plot-axes.ts'
import type { Line } from './plot-model.ts'
import { formatMoment } from './times.ts'

/** What stands over the lines of a chart, each at its moment. */
export interface Notes {
  readonly marks: readonly Mark[]
  readonly exemplars: readonly Exemplar[]
}

interface Note {
  readonly at: number
  readonly element: HTMLElement
}

const row = (name: string, value: string) =>
  el(
    'div',
    { class: 'tooltip-row' },
    el('span', { class: 'tooltip-name' }, name),
    el('span', { class: 'tooltip-value' }, value),
  )

const head = (text: string) => el('div', { class: 'tooltip-time' }, text)

/** A button of a note, which says what it is about while the pointer or the keyboard is on it. */
const flag = (kind: string, name: string, content: () => readonly HTMLElement[], style: Record<string, string>) => {
  const show = ({ currentTarget }: Event) => {
    if (!(currentTarget instanceof HTMLElement)) return
    const { x, y, width, height } = currentTarget.getBoundingClientRect()
    showBeside(x + width / 2, y + height / 2, content())
  }
  return el('button', {
    type: 'button',
    class: `note ${kind}`,
    'aria-label': name,
    // One stop for all of a chart: the arrow keys lead from one to the next.
    tabindex: '-1',
    style,
    on: { pointerenter: show, focus: show, pointerleave: hideTooltip, blur: hideTooltip },
  })
}

const whenOf = ({ from, to }: Mark) =>
  from === to ? formatMoment(from) : `${formatMoment(from)} to ${formatMoment(to)}`

const px = (value: number) => `${value.toFixed(1)}px`

/** Where it begins and ends, from the left of the chart. */
const edgesOf = (u: uPlot, { from, to }: Mark) => {
  const [left = 0, right = 0] = [from, to].map((moment) =>
    Math.min(Math.max(u.valToPos(moment, 'x'), 0), u.over.clientWidth),
  )
  return { left, width: right - left }
}

/** The colour of what lasts, under all that is drawn, in a layer of its own: where several last at once it grows no darker. */
const span = (u: uPlot, mark: Mark) => {
  const { left, width } = edgesOf(u, mark)
  return el('div', { class: 'span', style: { left: px(left), width: px(width), '--note': mark.colour } })
}

const markNote = (u: uPlot, mark: Mark): Note => {
  const { from, title, text, tags, colour } = mark
  const { left, width } = edgesOf(u, mark)
  const name = [title, text, whenOf(mark)].filter(Boolean).join(', ')
  const content = () => [
    head(whenOf(mark)),
    row(title, ''),
    ...(text ? [el('div', { class: 'note-text' }, text)] : []),
    ...(tags.length > 0 ? [el('div', { class: 'hint' }, tags.join(', '))] : []),
  ]
  const style = { left: px(left), width: px(width), '--note': colour }
  const element = el('div', { class: width > 1 ? 'mark while' : 'mark', style }, flag('mark-flag', name, content, {}))
  return { at: from, element }
}

/** At its own height on the scale of its query's lines, or at the edge that it lies beyond. */
const exemplarNote = (u: uPlot, one: Exemplar, line: Line): Note => {
  const { min, max } = u.scales[line.scale] ?? {}
  const value = Math.min(Math.max(one.value, min ?? one.value), max ?? one.value)
  const shown = valueMark(line, one.value)
  const content = () => [
    head(formatMoment(one.time)),
    row('Exemplar', shown),
    ...Object.entries({ ...one.labels, ...one.series }).map(([label, text]) => row(label, text)),
  ]
  const [trace] = Object.values(one.labels)
  const style = { left: px(u.valToPos(one.time, 'x')), top: px(u.valToPos(value, line.scale)), '--note': line.colour }
  return {
    at: one.time,
    element: flag('exemplar', `Exemplar of ${shown}${trace ? `, ${trace}` : ''}`, content, style),
  }
}

/** Lays the notes over a chart, in their order in time. */
export const drawNotes = (u: uPlot, lines: readonly Line[], { marks, exemplars }: Notes): void => {
  const dots = exemplars.flatMap((one) => {
    const line = lines.find(({ refId }) => refId === one.refId)
    return line ? exemplarNote(u, one, line) : []
  })
  const notes = [...marks.map((mark) => markNote(u, mark)), ...dots].toSorted((a, b) => a.at - b.at)
  const spans = el('div', { class: 'spans' }, ...marks.map((mark) => span(u, mark)))
  const layer = el('div', { class: 'notes' }, spans, ...notes.map(({ element }) => element))
  layer.querySelector('.note')?.setAttribute('tabindex', '0')
  withArrows(layer, { among: '.note', back: 'ArrowLeft', forth: 'ArrowRight' })
  keepingFocus(
    () => u.over,
    () => {
      u.over.querySelector('.notes')?.remove()
      u.over.append(layer)
    },
  )
}
