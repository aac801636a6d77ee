import { openDialog } from './dialog.ts'
import { el } from './dom.ts'

/** What a key, or one after another, does. */
export interface Binding {
  /** As people read it: `t z`. */
  readonly keys: string
  readonly says: string
  /** Not here where what has the keyboard sees to it. */
  readonly run?: () => void
}

/** Milliseconds between the first key and the second. */
const patience = 1000

const names: Readonly<Record<string, string>> = { ArrowLeft: 'left', ArrowRight: 'right', Escape: 'esc' }

const isTyping = ({ target }: Event) =>
  target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')

const showKeys = (bindings: readonly Binding[]) =>
  openDialog(
    'Keys',
    'Keys',
    el(
      'table',
      { class: 'keys' },
      el(
        'tbody',
        {},
        ...bindings.map(({ keys, says }) =>
          el(
            'tr',
            {},
            el('th', { scope: 'row' }, ...keys.split(' ').map((key) => el('kbd', {}, key))),
            el('td', {}, says),
          ),
        ),
      ),
    ),
  )

/** Listens to the whole page. Returns what shows all there is, which `?` does as well. */
export const listenToKeys = (bindings: readonly Binding[]): (() => void) => {
  const show = () => showKeys(all)
  const all: readonly Binding[] = [...bindings, { keys: '?', says: 'Show the keys', run: show }]
  let first: { readonly key: string; readonly at: number } | undefined
  document.addEventListener('keydown', (event) => {
    // Those of the browser, of a text, and of a window over the page, which closes by itself.
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event) || document.querySelector('dialog[open]'))
      return
    const key = names[event.key] ?? event.key
    const before = first && event.timeStamp - first.at < patience ? `${first.key} ` : ''
    const runOf = (pressed: string) => all.find(({ keys, run }) => run && keys === pressed)?.run
    const run = runOf(`${before}${key}`) ?? runOf(key)
    first = run ? undefined : { key, at: event.timeStamp }
    if (!run) return
    event.preventDefault()
    run()
  })
  return show
}
