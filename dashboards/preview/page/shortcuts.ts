import { hideTooltip } from './beside.ts'
import type { Binding } from './keys.ts'
import type { PanelView } from './panel.ts'
import type { Scene } from './scene.ts'
import { shiftRange } from './times.ts'
import type { UrlState } from './url-state.ts'

interface Reach {
  readonly scene: () => Scene
  readonly apply: (change: Partial<UrlState>) => void
  readonly refresh: () => void
  readonly panels: () => readonly PanelView[]
}

/** As Grafana has it: the panel with the keyboard in it, else the one under the pointer. */
const chosen = (panels: readonly PanelView[]) =>
  ['focus-within', 'hover'].flatMap((state) => panels.find(({ element }) => element.matches(`:${state}`)) ?? [])[0]

/** Closes one thing at a time, what was opened last first. */
const close = ({ scene }: Reach) => {
  const open = document.querySelector<HTMLElement>('.dropdown [aria-expanded=true]')
  const { activeElement: focused } = document
  hideTooltip()
  if (open) open.click()
  else if (focused instanceof HTMLElement && focused.closest('.hint-anchor, .notes')) focused.blur()
  else if (scene().state.panel !== undefined) scene().focus(undefined)
}

/** The keys that Grafana has for it too. */
export const shortcuts = (reach: Reach): readonly Binding[] => {
  const { scene, apply, refresh, panels } = reach
  const shift = (way: -1 | 1) => () => apply({ range: shiftRange(scene().range, way, Date.now()) })
  return [
    { keys: 'd r', says: 'Refresh', run: refresh },
    { keys: 't z', says: 'Show twice as long a time', run: () => scene().zoomOut() },
    { keys: 't left', says: 'Go back by half of the time shown', run: shift(-1) },
    { keys: 't right', says: 'Go forward by half of it', run: shift(1) },
    {
      keys: 'c t',
      says: 'Change to light, or to dark',
      run: () => apply({ theme: scene().theme.dark ? 'light' : 'dark' }),
    },
    { keys: 'v', says: 'Show the panel with the keyboard or the pointer alone', run: () => chosen(panels())?.turn() },
    { keys: 'i', says: 'Show its queries', run: () => chosen(panels())?.inspect() },
    { keys: 'left right', says: 'On a chart: read what is before, or after' },
    { keys: 'home end', says: 'On a chart: read its first moment, or its last' },
    { keys: 'esc', says: 'Close what is open', run: () => close(reach) },
  ]
}
