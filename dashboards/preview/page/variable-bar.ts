import { button, el, icon } from './dom.ts'
import { choice, dropdown, withArrows } from './dropdown.ts'
import { all, type Option, type Variable } from './variables.ts'

type Choose = (name: string, values: readonly string[]) => void

const textOf = ({ options, selected }: Variable) => {
  if (selected.includes(all)) return 'All'
  const texts = selected.map((value) => options.find((option) => option.value === value)?.text ?? value)
  return texts.length > 0 ? texts.join(' + ') : 'none'
}

/** More than fit are found by typing. */
const mostShown = 500

const withSearch = (options: readonly Option[], draw: (shown: readonly Option[]) => readonly HTMLElement[]) => {
  const list = el('div', { class: 'choices' })
  const show = (search: string) => {
    const found = options.filter(({ text }) => text.toLowerCase().includes(search.toLowerCase()))
    const more = found.length - mostShown
    list.replaceChildren(
      ...draw(found.slice(0, mostShown)),
      ...(found.length === 0 ? [el('div', { class: 'hint' }, 'Nothing matches.')] : []),
      ...(more > 0 ? [el('div', { class: 'hint' }, `${more} more: type to find them.`)] : []),
    )
  }
  show('')
  const input = el('input', { type: 'search', placeholder: 'Search', 'aria-label': 'Search', autofocus: true })
  input.addEventListener('input', () => show(input.value))
  return { list, refresh: () => show(input.value), box: withArrows(el('div', { class: 'chooser' }, input, list)) }
}

const single = (variable: Variable, choose: Choose, close: () => void) => {
  const { json, options, selected } = variable
  const pick = (value: string) => {
    close()
    if (!selected.includes(value)) choose(json.name, [value])
  }
  const every: readonly Option[] = json.includeAll ? [{ value: all, text: 'All' }, ...options] : options
  const draw = (shown: readonly Option[]) =>
    shown.map(({ value, text }) => choice(text, selected.includes(value), () => pick(value)))
  return withSearch(every, draw).box
}

/** Ticks are gathered and count when the list closes, so that three of them are one round of queries. */
const several = ({ json, options }: Variable, gathered: Set<string>) => {
  const toggle = (value: string) => {
    if (value === all) gathered.clear()
    else gathered.delete(all)
    if (!gathered.delete(value)) gathered.add(value)
    refresh()
  }
  const every: readonly Option[] = json.includeAll ? [{ value: all, text: 'All' }, ...options] : options
  const draw = (shown: readonly Option[]) =>
    shown.map(({ value, text }) => {
      const chosen = gathered.has(value)
      const item = button(
        { class: chosen ? 'choice tick chosen' : 'choice tick', text, 'aria-pressed': String(chosen) },
        () => toggle(value),
      )
      item.dataset.value = value
      return item
    })
  const { list, box, refresh: redraw } = withSearch(every, draw)
  const refresh = () => {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.value : undefined
    redraw()
    // The list was drawn anew: the keyboard stays where it was.
    for (const item of list.querySelectorAll<HTMLElement>('.choice')) if (item.dataset.value === focused) item.focus()
  }
  return box
}

const same = (a: readonly string[], b: ReadonlySet<string>) => a.length === b.size && a.every((value) => b.has(value))

const chooser = (variable: Variable, choose: Choose) => {
  const { json, selected, options } = variable
  const gathered = new Set(selected)
  const text = textOf(variable)
  return dropdown({
    text,
    hint: [json.description, text].filter(Boolean).join('\n'),
    content: (close) => {
      if (options.length === 0) return el('div', { class: 'hint' }, 'There is no value to choose from.')
      return json.multi ? several(variable, gathered) : single(variable, choose, close)
    },
    closed: () => {
      if (!json.multi || same(selected, gathered)) return
      choose(json.name, gathered.size > 0 ? [...gathered] : json.includeAll ? [all] : selected)
    },
  })
}

const textbox = ({ json, selected }: Variable, choose: Choose) => {
  const input = el('input', { class: 'control', type: 'text', value: selected[0] ?? '', 'aria-label': json.name })
  input.addEventListener('change', () => choose(json.name, [input.value]))
  return input
}

/** A control for each variable; one whose values cannot be read says so beside it. */
export const variableBar = (variables: readonly Variable[], choose: Choose): readonly HTMLElement[] =>
  variables
    .filter(({ json }) => json.hide !== 2 && json.type !== 'datasource' && json.type !== 'constant')
    .map((variable) => {
      const { json, fault } = variable
      return el(
        'div',
        { class: 'variable', 'data-variable': json.name },
        json.hide !== 1 && el('span', { class: 'variable-label' }, json.label || json.name),
        json.type === 'textbox' ? textbox(variable, choose) : chooser(variable, choose),
        fault !== undefined && el('span', { class: 'variable-fault', role: 'alert' }, icon('warning'), fault),
      )
    })
