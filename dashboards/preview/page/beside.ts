import { el } from './dom.ts'

/** One for the page: there is one pointer. */
let box: HTMLElement | undefined

export const hideTooltip = (): void => box?.remove()

/** Shows something beside a place in the window. */
export const showBeside = (x: number, y: number, content: readonly HTMLElement[]): void => {
  box ??= el('div', { class: 'tooltip', role: 'tooltip' })
  box.replaceChildren(...content)
  if (!box.isConnected) document.body.append(box)
  const { width, height } = box.getBoundingClientRect()
  const beside = x + 16 + width < innerWidth ? x + 16 : x - 16 - width
  const below = Math.min(y + 16, innerHeight - height - 8)
  box.style.transform = `translate(${Math.max(4, beside)}px, ${Math.max(4, below)}px)`
}
