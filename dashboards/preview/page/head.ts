import { annotationsOf, isOn, type Marked } from './annotations.ts'
import { button, el, icon } from './dom.ts'
import { dropdown, withArrows } from './dropdown.ts'
import { dashboardHref, headLinks } from './links.ts'
import type { DashboardJson, Listed } from './model.ts'
import type { Scene } from './scene.ts'
import { refreshPicker, timePicker } from './time-controls.ts'
import { describeRange, type RawRange } from './times.ts'
import type { UrlState } from './url-state.ts'
import { variableBar } from './variable-bar.ts'
import type { Variable } from './variables.ts'

interface HeadProps {
  readonly dashboard: DashboardJson
  readonly scene: Scene
  /** As the address has it, be it a time or not. */
  readonly asked: RawRange
  readonly variables: readonly Variable[]
  readonly apply: (state: Partial<UrlState>) => void
  readonly refresh: () => void
  readonly marked: readonly Marked[]
  readonly showKeys: () => void
}

const dashboardPicker = (listed: readonly Listed[], uid: string, title: string, state: UrlState) =>
  dropdown({
    text: title,
    hint: 'Choose a dashboard',
    content: () =>
      withArrows(
        el(
          'nav',
          { class: 'choices dashboards' },
          ...listed.map((one) =>
            el(
              'a',
              { class: one.uid === uid ? 'choice chosen' : 'choice', href: dashboardHref(one.uid, state) },
              el('span', {}, one.title),
              one.description ? el('span', { class: 'choice-more' }, one.description) : undefined,
            ),
          ),
        ),
      ),
  })

const themeButton = ({ theme, state }: Scene, apply: HeadProps['apply']) => {
  const next = theme.dark ? 'light' : 'dark'
  const name = `Paint it ${next}`
  return button({ class: 'control icon-only', icon: 'moon', title: name, 'aria-label': name }, () =>
    apply({ ...state, theme: next }),
  )
}

/** By the name of the first that it keeps from being read: a Prometheus that is gone is said once. */
const faultsOf = (marked: readonly Marked[]) =>
  new Map(
    marked
      .filter(({ fault }, place) => marked.findIndex((other) => other.fault === fault) === place)
      .map(({ json, fault }) => [json.name, fault]),
  )

/** A switch for each annotation, as Grafana has it; one that cannot be read says so beside it. */
const markBar = ({ dashboard, scene: { state }, marked, apply }: HeadProps) => {
  const faults = faultsOf(marked)
  return annotationsOf(dashboard)
    .filter(({ hide }) => !hide)
    .map((json) => {
      const { name } = json
      const on = isOn(json, state)
      const fault = faults.get(name)
      const press = () => apply({ marks: { ...state.marks, [name]: !on } })
      return el(
        'div',
        { class: 'variable', 'data-annotation': name },
        button(
          {
            class: on ? 'control switch on' : 'control switch',
            text: name,
            role: 'switch',
            'aria-checked': String(on),
          },
          press,
        ),
        fault !== undefined && el('span', { class: 'variable-fault', role: 'alert' }, icon('warning'), fault),
      )
    })
}

/** What is drawn in place of a time that is none. */
const rangeFault = ({ asked, scene: { state } }: HeadProps) =>
  asked !== state.range &&
  el(
    'span',
    { class: 'variable-fault', role: 'alert' },
    icon('warning'),
    `The address asks for ${asked.from} to ${asked.to}, which is no time. Shown instead: ${describeRange(state.range)}.`,
  )

/** What is to be known of the page, whatever stands in it. */
export const notice = (prometheus: string) =>
  el(
    'span',
    {
      class: 'notice',
      title: `No editing and no users here: this draws the generated dashboards. Data: ${prometheus}`,
    },
    'Preview: read only',
  )

/** Everything above the panels. Drawn anew with every change of the state. */
export const headView = (props: HeadProps): HTMLElement => {
  const { dashboard, scene, variables, apply, refresh, showKeys } = props
  const { site, state, zoom, zoomOut } = scene
  const { uid, title, links = [] } = dashboard
  const setVariable = (name: string, values: readonly string[]) =>
    apply({ variables: { ...state.variables, [name]: values } })
  const own = headLinks(links, scene, site.dashboards)
  const here = `/d/${encodeURIComponent(uid)}`
  const others = own.filter(({ href }) => href.split('?')[0] !== here)
  return el(
    'div',
    { class: 'head' },
    el(
      'div',
      { class: 'head-line' },
      el('h1', {}, dashboardPicker(site.dashboards, uid, title, state)),
      notice(site.prometheus),
      el('span', { class: 'spring' }),
      rangeFault(props),
      timePicker(state.range, zoom),
      button(
        { class: 'control icon-only', icon: 'out', title: 'Show twice as long a time', 'aria-label': 'Zoom out' },
        zoomOut,
      ),
      refreshPicker(state.refresh, (interval) => apply({ refresh: interval }), refresh),
      themeButton(scene, apply),
      button({ class: 'control icon-only', icon: 'keys', title: 'Keys (?)', 'aria-label': 'Show the keys' }, showKeys),
    ),
    el(
      'div',
      { class: 'head-line' },
      ...variableBar(variables, setVariable),
      ...markBar(props),
      el('span', { class: 'spring' }),
      el(
        'nav',
        { class: 'head-links', 'aria-label': 'Dashboards' },
        ...others.map(({ title: text, href, blank }) =>
          el('a', { class: 'head-link', href, ...(blank && { target: '_blank', rel: 'noopener' }) }, text),
        ),
      ),
    ),
  )
}
