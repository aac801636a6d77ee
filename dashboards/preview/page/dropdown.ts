import { button, el, type IconName, icon } from './dom.ts'

interface DropdownOptions {
  readonly text: string
  readonly icon?: IconName
  /** What assistive technology and a resting pointer are told. */
  readonly hint: string
  /** Built anew each time it opens. */
  readonly content: (close: () => void) => HTMLElement
  /** On which side it begins, where it is wider than its button. */
  readonly align?: 'left' | 'right'
  /** Called when it closes, however. */
  readonly closed?: () => void
}

/** A button that opens a small window; Escape, a click elsewhere or moving on with Tab closes it. */
export const dropdown = ({ text, icon: name, hint, content, align = 'left', closed }: DropdownOptions) => {
  const opener = el(
    'button',
    { type: 'button', class: 'control', title: hint, 'aria-haspopup': 'true', 'aria-expanded': 'false' },
    name && icon(name),
    el('span', { class: 'control-text' }, text),
    icon('down'),
  )
  const root = el('div', { class: 'dropdown' }, opener)
  let window: HTMLElement | undefined
  const close = () => {
    if (!window) return
    window.remove()
    window = undefined
    opener.setAttribute('aria-expanded', 'false')
    document.removeEventListener('pointerdown', outside, true)
    closed?.()
  }
  const outside = (event: Event) => {
    if (event.target instanceof Node && !root.contains(event.target)) close()
  }
  const open = () => {
    window = el('div', { class: `popup popup-${align}` }, content(close))
    root.append(window)
    opener.setAttribute('aria-expanded', 'true')
    document.addEventListener('pointerdown', outside, true)
    window.querySelector<HTMLElement>('[autofocus], input, button, a')?.focus()
  }
  opener.addEventListener('click', () => (window ? close() : open()))
  root.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !window) return
    event.stopPropagation()
    close()
    opener.focus()
  })
  root.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !root.contains(relatedTarget)) close()
  })
  return root
}

interface Arrows {
  readonly among?: string
  readonly back?: string
  readonly forth?: string
}

/** Moves among the choices of a list with the arrow keys. */
export const withArrows = (
  list: HTMLElement,
  { among = '.choice, input[type=search]', back = 'ArrowUp', forth = 'ArrowDown' }: Arrows = {},
): HTMLElement => {
  list.addEventListener('keydown', (event) => {
    if (event.key !== forth && event.key !== back) return
    event.preventDefault()
    const choices = [...list.querySelectorAll<HTMLElement>(among)]
    const place = document.activeElement instanceof HTMLElement ? choices.indexOf(document.activeElement) : -1
    const next = place + (event.key === forth ? 1 : -1)
    choices[(next + choices.length) % choices.length]?.focus()
  })
  return list
}

export const choice = (text: string, chosen: boolean, press: () => void, hint?: string) =>
  button({ class: chosen ? 'choice chosen' : 'choice', text, title: hint, 'aria-pressed': String(chosen) }, press)
