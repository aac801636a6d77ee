import { el, svg, textWidth } from './dom.ts'
import { fieldConfigOf } from './fields.ts'
import { colorManipulator, type DataFrame, type FieldDisplay, getFieldDisplayValues } from './grafana.ts'
import { forPeople, interpolate } from './interpolate.ts'
import { type Link, linksOf } from './links.ts'
import type { PanelJson } from './model.ts'
import type { Scene } from './scene.ts'
import { lettersOn, type Theme } from './theme.ts'
import type { Drawing } from './visual.ts'

interface Options {
  readonly reduceOptions?: {
    readonly calcs?: string[]
    readonly values?: boolean
    readonly fields?: string
    readonly limit?: number
  }
  readonly colorMode?: string
  readonly graphMode?: string
  readonly textMode?: string
  readonly orientation?: string
}

const gap = 8
const padding = 8

/** Whatever arrangement leaves the values the largest letters. */
const gridOf = (count: number, { width, height }: DOMRect, orientation = 'auto') => {
  if (orientation === 'horizontal') return { columns: 1, rows: count }
  if (orientation === 'vertical') return { columns: count, rows: 1 }
  const grids = Array.from({ length: count }, (_, place) => ({
    columns: place + 1,
    rows: Math.ceil(count / (place + 1)),
  }))
  const sizeIn = ({ columns, rows }: (typeof grids)[number]) => Math.min(width / columns / 2.2, height / rows)
  return grids.reduce((best, grid) => (sizeIn(grid) > sizeIn(best) ? grid : best), { columns: 1, rows: count })
}

const fits = (text: string, width: number, most: number, weight: number) =>
  Math.min(most, (width / Math.max(1, textWidth(text, `${weight} 100px Inter, sans-serif`))) * 100)

const sparkline = ({ sparkline: line }: FieldDisplay, colour: string): SVGElement | undefined => {
  const values = (line?.y.values ?? []).map((value: unknown) =>
    typeof value === 'number' && Number.isFinite(value) ? value : null,
  )
  const numbers = values.filter((value) => value !== null)
  if (numbers.length < 2) return undefined
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)]
  const y = (value: number) => (high === low ? 50 : 96 - ((value - low) / (high - low)) * 92)
  const runs: [number, number][][] = [[]]
  for (const [index, value] of values.entries()) {
    if (value === null) runs.push([])
    else runs.at(-1)?.push([(index / (values.length - 1)) * 100, y(value)])
  }
  const points = (run: readonly (readonly [number, number])[]) =>
    run.map(([x, at]) => `${x.toFixed(2)},${at.toFixed(2)}`).join(' ')
  const drawn = runs.filter((run) => run.length > 1)
  return svg(
    'svg',
    { class: 'sparkline', viewBox: '0 0 100 100', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    ...drawn.flatMap((run) => [
      svg('polygon', {
        points: `${run[0]?.[0]},100 ${points(run)} ${run.at(-1)?.[0]},100`,
        fill: colorManipulator.alpha(colour, 0.2),
      }),
      svg('polyline', { points: points(run), stroke: colour, 'vector-effect': 'non-scaling-stroke' }),
    ]),
  )
}

interface TileLook {
  readonly width: number
  readonly height: number
  readonly named: boolean
  readonly valued: boolean
}

const paint = (colour: string, mode: string, theme: Theme): Readonly<Record<string, string>> => {
  if (mode === 'none') return { color: 'var(--text)' }
  if (!mode.startsWith('background')) return { color: colour }
  const [from, to] = [0.32, 0.12].map((share) => colorManipulator.darken(colour, share))
  const ground = mode === 'background_solid' ? colour : `linear-gradient(120deg, ${from}, ${to})`
  return { background: ground, color: lettersOn(colour, theme) }
}

const textOf = ({ prefix = '', text, suffix = '' }: FieldDisplay['display']) => ({
  prefix,
  text,
  suffix,
  whole: `${prefix}${text}${suffix}`,
})

const tile = (value: FieldDisplay, options: Options, look: TileLook, scene: Scene, link: Link | undefined) => {
  const { width, height, named, valued } = look
  const { colorMode = 'value', graphMode = 'none' } = options
  const colour = value.display.color ?? scene.theme.text
  const graph =
    graphMode === 'none' ? undefined : sparkline(value, colorMode.startsWith('background') ? '#ffffff' : colour)
  const { prefix, text, suffix, whole } = textOf(value.display)
  const title = value.display.title ?? ''
  // Names beside each other in one panel are of one size, as far as they fit.
  const room = (height - 2 * padding) * (graph ? 0.62 : 1)
  const nameSize = named ? Math.max(11, Math.min(16, room * (valued ? 0.24 : 0.5))) : 0
  const most = Math.min(72, (room - (named ? nameSize * 1.35 : 0)) * (named ? 0.85 : 0.7))
  const size = valued ? Math.max(12, fits(whole, (width - 4 * padding) * 0.95, most, 500)) : 0
  return el(
    link ? 'a' : 'div',
    {
      class: graph ? 'tile with-graph' : 'tile',
      style: paint(colour, colorMode, scene.theme),
      title: [title, whole, link?.title].filter(Boolean).join('\n'),
      ...(link && { href: link.href, ...(link.blank && { target: '_blank', rel: 'noopener' }) }),
    },
    graph,
    named && el('span', { class: 'tile-name', style: { 'font-size': `${nameSize}px` } }, title),
    valued &&
      el(
        'span',
        { class: 'tile-value', style: { 'font-size': `${size}px` } },
        prefix && el('span', { class: 'tile-unit' }, prefix),
        text,
        suffix && el('span', { class: 'tile-unit' }, suffix),
      ),
  )
}

const valuesOf = (panel: PanelJson, options: Options, frames: readonly DataFrame[], scene: Scene) => {
  const { calcs = ['lastNotNull'], values = false, fields = '', limit } = options.reduceOptions ?? {}
  return getFieldDisplayValues({
    data: [...frames],
    fieldConfig: fieldConfigOf(panel),
    reduceOptions: { calcs, values, fields, ...(limit !== undefined && { limit }) },
    replaceVariables: (text) => interpolate(text, scene.lookup, forPeople),
    sparkline: (options.graphMode ?? 'none') !== 'none',
    theme: scene.theme.grafana,
    timeZone: 'browser',
  })
}

/** One value, or one per series, as large as there is room for. */
export const stat = (panel: PanelJson, host: HTMLElement): Drawing => {
  const options: Options = panel.options ?? {}
  const root = el('div', { class: 'stat' })
  host.replaceChildren(root)
  let last: { readonly frames: readonly DataFrame[]; readonly scene: Scene } | undefined
  const draw = () => {
    if (!last) return
    const { frames, scene } = last
    const values = valuesOf(panel, options, frames, scene)
    const box = root.getBoundingClientRect()
    const { columns, rows } = gridOf(values.length, box, options.orientation)
    const { textMode = 'auto' } = options
    const look = {
      width: (box.width - gap * (columns - 1)) / columns,
      height: (box.height - gap * (rows - 1)) / rows,
      named: textMode === 'name' || textMode === 'value_and_name' || (textMode === 'auto' && values.length > 1),
      valued: textMode !== 'name' && textMode !== 'none',
    }
    root.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`
    root.replaceChildren(
      ...values.map((value) => {
        const fields = value.view?.dataFrame.fields ?? []
        const field = fields[value.colIndex ?? 0]
        const [link] = field
          ? linksOf({ fields, field, value: value.display.numeric, row: value.rowIndex ?? 0 }, scene)
          : []
        return tile(value, options, look, scene, link)
      }),
    )
  }
  new ResizeObserver(draw).observe(root)
  return {
    show: (frames, scene) => {
      last = { frames, scene }
      draw()
    },
  }
}
