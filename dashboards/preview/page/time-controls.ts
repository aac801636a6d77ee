import { button, el } from './dom.ts'
import { choice, dropdown, withArrows } from './dropdown.ts'
import { describeRange, formatMoment, isRange, parseMoment, quickRanges, type RawRange, resolveRange } from './times.ts'

const absolute = (text: string, end: boolean) => {
  const moment = text.startsWith('now') ? undefined : parseMoment(text, Date.now(), end)
  return moment === undefined ? text : String(moment)
}

const shown = (text: string) => (/^\d+$/.test(text) ? formatMoment(Number(text)) : text)

/** Takes what a URL may say as well: `now-2h`, `2026-01-31 09:00`. */
const absoluteForm = (range: RawRange, apply: (range: RawRange) => void) => {
  const field = (label: string, value: string) =>
    el('input', { type: 'text', value: shown(value), 'aria-label': label })
  const [from, to] = [field('From', range.from), field('To', range.to)]
  const fault = el('div', { class: 'form-fault', role: 'alert' })
  const form = el(
    'form',
    { class: 'range-form' },
    el('label', {}, 'From', from),
    el('label', {}, 'To', to),
    fault,
    el('button', { type: 'submit', class: 'primary' }, 'Apply'),
    el('div', { class: 'hint' }, 'such as 2026-01-31 09:00, or now-2h'),
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const raw = { from: absolute(from.value.trim(), false), to: absolute(to.value.trim(), true) }
    if (isRange(raw, Date.now())) apply(raw)
    else fault.textContent = 'Give two moments, the earlier one first.'
  })
  return form
}

export const timePicker = (range: RawRange, apply: (range: RawRange) => void) => {
  const { from, to } = resolveRange(range, Date.now())
  return dropdown({
    text: describeRange(range),
    icon: 'clock',
    hint: `${formatMoment(from)} to ${formatMoment(to)}`,
    align: 'right',
    content: (close) => {
      const take = (next: RawRange) => {
        close()
        apply(next)
      }
      const quick = quickRanges.map(({ text, ...one }) =>
        choice(text, one.from === range.from && one.to === range.to, () => take(one)),
      )
      return el(
        'div',
        { class: 'range' },
        absoluteForm(range, take),
        withArrows(el('div', { class: 'choices', role: 'group', 'aria-label': 'Quick ranges' }, ...quick)),
      )
    },
  })
}

const intervals = ['', '5s', '10s', '15s', '30s', '1m', '5m', '15m', '1h']

export const refreshPicker = (current: string, choose: (interval: string) => void, now: () => void) => {
  const known = intervals.includes(current) ? intervals : [...intervals, current]
  const picker = dropdown({
    text: current || 'Off',
    hint: 'How often the page refreshes by itself',
    align: 'right',
    content: (close) => {
      const choices = known.map((interval) =>
        choice(interval || 'Off', interval === current, () => {
          close()
          choose(interval)
        }),
      )
      return withArrows(el('div', { class: 'choices' }, ...choices))
    },
  })
  const refresh = button(
    { class: 'control icon-only', icon: 'refresh', title: 'Refresh now', 'aria-label': 'Refresh now' },
    now,
  )
  return el('div', { class: 'joined' }, refresh, picker)
}
