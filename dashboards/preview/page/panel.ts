import type { Mark } from './annotations.ts'
import { type QueryFault, queryFault } from './api.ts'
import { el, keepingFocus } from './dom.ts'
import { emptyText, isEmpty, namesNothing } from './empty.ts'
import { dress, unknownTransformations } from './fields.ts'
import { inspect } from './inspect.ts'
import { forPeople, interpolate } from './interpolate.ts'
import type { PanelJson } from './model.ts'
import { load, type PanelData } from './panel-data.ts'
import { actionsOf, type Frame, faultBox, panelFrame, panelLinks } from './panel-frame.ts'
import { type Scene, sceneFor } from './scene.ts'
import { stat } from './stat.ts'
import { table } from './table.ts'
import { text } from './text.ts'
import { timeseries } from './timeseries.ts'
import type { Drawing } from './visual.ts'

const kinds: Readonly<Record<string, (panel: PanelJson, host: HTMLElement) => Drawing>> = {
  timeseries,
  stat,
  table,
  text,
}

export interface PanelView {
  readonly element: HTMLElement
  /** Fails only as the signal is aborted: what goes wrong stands in the panel. */
  refresh(scene: Scene, signal: AbortSignal): Promise<void>
  /** Marks moments on what is drawn over time. */
  mark(marks: readonly Mark[]): void
  /** Lets go of what would outlive it. */
  destroy(): void
  /** Shows its queries. */
  inspect(): void
  /** Shows it alone, or all again. */
  turn(): void
}

const wordsOf = (scene: Scene) => (given: string) => interpolate(given, scene.lookup, forPeople)

/** Says over the data what is wrong with it, or why there is none. */
const say = ({ element, host, note }: Frame, faults: readonly QueryFault[], empty: string | undefined) => {
  const wrong = faults.length > 0
  host.classList.toggle('gone', !wrong && empty !== undefined)
  host.classList.toggle('dimmed', wrong)
  element.classList.toggle('faulty', wrong)
  note.replaceChildren(
    ...(wrong ? [faultBox(faults)] : empty === undefined ? [] : [el('div', { class: 'empty' }, empty)]),
  )
}

interface Drawn {
  readonly panel: PanelJson
  readonly frame: Frame
  readonly drawing: Drawing
  readonly scene: Scene
  readonly signal: AbortSignal
}

const draw = async ({ panel, frame, drawing, scene, signal }: Drawn): Promise<PanelData> => {
  const words = wordsOf(scene)
  const data = await load(panel, scene, Math.max(100, frame.host.clientWidth), signal)
  const unknown = unknownTransformations(panel).map((id) =>
    queryFault(`The preview does not know the transformation ${id}.`),
  )
  const faults = [...data.faults, ...unknown]
  const frames = await dress(data.results, { panel, theme: scene.theme.grafana, words })
  signal.throwIfAborted()
  // Nothing at all came back: what was there before says more than an empty panel.
  if (faults.length === 0 || data.results.length > 0) {
    keepingFocus(
      () => frame.host,
      () => drawing.show(frames, scene, data.exemplars),
    )
  }
  const drawn = panel.type === 'timeseries' ? scene.range : undefined
  const empty = isEmpty(frames, drawn) && panel.type !== 'text' ? words(emptyText(panel)) : undefined
  say(frame, faults, namesNothing(panel, scene.theme.grafana) ? undefined : empty)
  // For whoever looks for faults: a word of the panel's own may stand over nothing.
  if (empty === undefined) delete frame.element.dataset.empty
  else frame.element.dataset.empty = empty
  if (data.warnings.length === 0) delete frame.element.dataset.warnings
  else frame.element.dataset.warnings = data.warnings.join('\n')
  return data
}

/** A panel with what draws its data; a kind that the preview does not know says so and asks nothing. */
export const panelView = (panel: PanelJson): PanelView => {
  let scene: Scene | undefined
  let data: PanelData | undefined
  const frame = panelFrame(panel, (given) => (scene ? wordsOf(scene)(given) : given))
  const drawing = kinds[panel.type]?.(panel, frame.host)
  if (!drawing) say(frame, [], `The preview cannot draw a panel of the type ${panel.type}. Grafana can.`)
  const isAlone = () => scene?.state.panel !== undefined && scene.state.panel === panel.id
  const look = () => scene && inspect(panel, data, scene)
  const turn = () => panel.id !== undefined && scene?.focus(isAlone() ? undefined : panel.id)
  const drawHead = (now: Scene) => {
    frame.title.textContent = wordsOf(now)(panel.title ?? '')
    frame.title.title = frame.title.textContent
    const links = panelLinks(panel, now)
    const actions = actionsOf(panel, { inspect: look, turn, alone: isAlone() })
    keepingFocus(
      () => frame.element,
      () => {
        frame.links.replaceChildren(...links)
        frame.actions.replaceChildren(...actions)
      },
    )
  }
  return {
    element: frame.element,
    mark: (marks) => drawing?.mark?.(marks),
    destroy: () => drawing?.destroy?.(),
    inspect: look,
    turn,
    refresh: async (chosen, signal) => {
      const next = sceneFor(panel, chosen, Date.now())
      scene = next
      drawHead(next)
      frame.element.classList.add('loading')
      try {
        if (drawing) data = await draw({ panel, frame, drawing, scene: next, signal })
      } catch (error) {
        signal.throwIfAborted()
        // One panel that cannot be drawn takes no other with it.
        console.error(error)
        const words = error instanceof Error ? error.message : String(error)
        say(frame, [queryFault(`The preview could not draw this: ${words}`)], undefined)
      } finally {
        if (!signal.aborted) frame.element.classList.remove('loading')
      }
    },
  }
}
