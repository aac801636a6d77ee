import { button, el } from './dom.ts'

/** Shows something over the page; Escape or a click beside it closes it. */
export const openDialog = (name: string, title: string, ...content: readonly HTMLElement[]): void => {
  const dialog = el(
    'dialog',
    { class: 'dialog', 'aria-label': name },
    el(
      'header',
      {},
      el('h2', {}, title),
      button({ icon: 'close', 'aria-label': 'Close' }, () => dialog.close()),
    ),
    ...content,
  )
  dialog.addEventListener('close', () => dialog.remove())
  dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close())
  document.body.append(dialog)
  dialog.showModal()
}
