type Child = Node | string | undefined | false

interface Attributes {
  readonly class?: string
  /** Custom properties among them; set by script, which the page's policy allows. */
  readonly style?: Readonly<Record<string, string>>
  readonly on?: Readonly<Record<string, (event: Event) => void>>
  readonly [attribute: string]: unknown
}

const give = (element: Element, name: string, value: unknown) => {
  if (value === undefined || value === false) return
  element.setAttribute(name, value === true ? '' : String(value))
}

/** An element with its attributes and children; a string is always text, never HTML. */
export const el = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { style = {}, on = {}, ...attributes }: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] => {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) give(element, name, value)
  for (const [name, value] of Object.entries(style)) element.style.setProperty(name, value)
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener)
  element.append(...children.filter((child): child is Node | string => child !== undefined && child !== false))
  return element
}

const namespace = 'http://www.w3.org/2000/svg'

export const svg = (tag: string, attributes: Readonly<Record<string, string>>, ...children: readonly Node[]) => {
  const element = document.createElementNS(namespace, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

/** Lines on a square of 24. */
const drawings = {
  clock: 'M12 7v5l3 2 M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0',
  close: 'M6 6l12 12 M18 6L6 18',
  code: 'M8 7l-5 5 5 5 M16 7l5 5-5 5',
  down: 'M6 9l6 6 6-6',
  expand: 'M9 4H4v5 M15 4h5v5 M9 20H4v-5 M15 20h5v-5',
  info: 'M12 11v5 M12 8v.01 M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0',
  keys: 'M3 7h18v10H3z M7 11v.01 M11 11v.01 M15 11v.01 M8 14h8',
  link: 'M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1 M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1',
  moon: 'M20 14A8 8 0 1 1 10 4a6.5 6.5 0 0 0 10 10',
  out: 'M15.5 15.5L21 21 M7 10h6 M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0',
  refresh: 'M20 5v5h-5 M4 19v-5h5 M19 10a7.5 7.5 0 0 0-13-3L4 9 M5 14a7.5 7.5 0 0 0 13 3l2-2',
  right: 'M9 6l6 6-6 6',
  warning: 'M12 9v5 M12 17v.01 M12 3L2 20h20z',
} as const

export type IconName = keyof typeof drawings

export const icon = (name: IconName): SVGElement =>
  svg(
    'svg',
    { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true' },
    ...drawings[name].split(' M').map((part, index) => svg('path', { d: index === 0 ? part : `M${part}` })),
  )

export const button = (
  { icon: name, text, ...attributes }: Attributes & { readonly icon?: IconName; readonly text?: string },
  press: (event: Event) => void,
) => el('button', { type: 'button', ...attributes, on: { click: press } }, name && icon(name), text)

/** Draws anew what is within; the keyboard stays at the same place among things of the same kind. */
export const keepingFocus = (root: () => HTMLElement, redraw: () => void): void => {
  const { activeElement: focused } = document
  const inside = focused instanceof HTMLElement && root().contains(focused) ? focused : undefined
  const [kind = inside?.tagName ?? ''] = [...(inside?.classList ?? [])].map((name) => `.${name}`)
  const alike = () => [...root().querySelectorAll<HTMLElement>(kind)]
  const place = inside ? alike().indexOf(inside) : -1
  redraw()
  if (inside && !inside.isConnected) alike()[place]?.focus({ preventScroll: true })
}

let canvas: CanvasRenderingContext2D | null = null
/** In pixels, as the browser would write it; `font` as CSS has it. */
export const textWidth = (text: string, font: string): number => {
  canvas ??= document.createElement('canvas').getContext('2d')
  if (!canvas) return text.length * 8
  canvas.font = font
  return canvas.measureText(text).width
}
