import { el } from './dom.ts'
import { renderMarkdown, textUtil } from './grafana.ts'
import { forPeople, interpolate } from './interpolate.ts'
import type { PanelJson } from './model.ts'
import type { Scene } from './scene.ts'
import type { Drawing } from './visual.ts'

interface Options {
  readonly mode?: string
  readonly content?: string
}

/** Marks of Markdown and of HTML in a value are letters of that value. */
const literal = (text: string) => text.replace(/[\\`*_{}[\]()#+\-.!|<>&~]/g, (char) => `&#${char.charCodeAt(0)};`)

/** The only place where a text becomes HTML: cleaned of everything that runs, and kept from running by the page's policy. */
export const markdown = (text: string): HTMLElement => {
  const box = el('div', { class: 'markdown' })
  box.innerHTML = textUtil.sanitize(renderMarkdown(text, { noSanitize: true }))
  return box
}

/** Words: Markdown, or code as it stands. */
export const text = (panel: PanelJson, host: HTMLElement): Drawing => {
  const { mode = 'markdown', content = '' }: Options = panel.options ?? {}
  return {
    show: (_frames, scene: Scene) => {
      const whole = interpolate(content, scene.lookup, (meaning) => literal(forPeople(meaning)))
      host.replaceChildren(mode === 'code' ? el('pre', { class: 'markdown' }, whole) : markdown(whole))
    },
  }
}
