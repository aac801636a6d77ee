import { parseDuration } from '../../duration.ts'
import { isQueryFault, queryRange } from './api.ts'
import { forPromql, interpolate } from './interpolate.ts'
import type { AnnotationJson, DashboardJson } from './model.ts'
import { type Answer, type Labels, legend, toNumber } from './results.ts'
import type { Scene } from './scene.ts'
import { align, mostPoints, stepOf } from './step.ts'
import type { TimeRange } from './times.ts'
import type { UrlState } from './url-state.ts'

/** A moment, or a while, that is marked on every chart. */
export interface Mark {
  /** In milliseconds; the same for a moment. */
  readonly from: number
  readonly to: number
  readonly title: string
  readonly text: string
  readonly tags: readonly string[]
  readonly colour: string
}

/** An annotation with what there is of it in the period. */
export interface Marked {
  readonly json: AnnotationJson
  readonly on: boolean
  readonly marks: readonly Mark[]
  /** Why it could not be read. */
  readonly fault?: string
}

/** As Grafana asks where an annotation says nothing. */
const usualStep = 60_000

/** What others left in its list, such as notes that people keep in Grafana, is none of ours. */
export const annotationsOf = ({ annotations }: DashboardJson): readonly AnnotationJson[] =>
  (annotations?.list ?? []).filter(({ builtIn, expr }) => !builtIn && expr)

export const isOn = ({ name, enable = true }: AnnotationJson, { marks }: UrlState): boolean => marks?.[name] ?? enable

type Points = readonly (readonly [seconds: number, value: string])[]

/** As Grafana does it: what is no further apart than a step is one while. */
const whilesOf = (points: Points, { useValueForTime = false }: AnnotationJson, step: number): readonly TimeRange[] => {
  const active = points.map(([seconds, value]) => ({ seconds, number: toNumber(value) }))
  const moments = useValueForTime
    ? active.map(({ number }) => Math.floor(number)).filter(Number.isFinite)
    : active.flatMap(({ seconds, number }) => (number > 0 ? seconds * 1000 : []))
  const whiles: { from: number; to: number }[] = []
  for (const moment of moments) {
    const last = whiles.at(-1)
    if (last && moment <= last.to + step) last.to = moment
    else whiles.push({ from: moment, to: moment })
  }
  return whiles
}

const wordsOf = ({ name, titleFormat, textFormat, tagKeys = '' }: AnnotationJson, labels: Labels) => ({
  title: titleFormat ? legend(titleFormat, labels, name) : name,
  text: textFormat ? legend(textFormat, labels, name) : '',
  tags: tagKeys.split(',').flatMap((key) => labels[key.trim()] ?? []),
})

interface About {
  readonly range: TimeRange
  readonly step: number
  /** By the name that a dashboard gives a colour. */
  readonly colourOf: (name: string) => string
}

/** What an answer marks within a period. */
export const marksIn = (answer: Answer, json: AnnotationJson, { range, step, colourOf }: About): readonly Mark[] => {
  if (answer.resultType !== 'matrix') return []
  const colour = colourOf(json.iconColor ?? 'red')
  return answer.result.flatMap(({ metric, values = [] }) =>
    whilesOf(values, json, step)
      .filter(({ from, to }) => to >= range.from && from <= range.to)
      .map((one) => ({ ...one, ...wordsOf(json, metric), colour })),
  )
}

const readOne = async (json: AnnotationJson, scene: Scene, signal: AbortSignal): Promise<Marked> => {
  if (!isOn(json, scene.state)) return { json, on: false, marks: [] }
  const { range, theme } = scene
  const colourOf = (name: string) => theme.grafana.visualization.getColorByName(name)
  const step = stepOf({ range, points: mostPoints, least: parseDuration(json.step ?? '') ?? usualStep })
  const expr = interpolate(json.expr ?? '', scene.lookup, forPromql)
  try {
    const { data } = await queryRange(expr, align(range, step), step, signal)
    return { json, on: true, marks: marksIn(data, json, { range, step, colourOf }) }
  } catch (reason) {
    signal.throwIfAborted()
    return { json, on: true, marks: [], fault: isQueryFault(reason) ? reason.message : String(reason) }
  }
}

/** Reads every annotation that is switched on. Fails only as the signal is aborted. */
export const readMarks = (dashboard: DashboardJson, scene: Scene, signal: AbortSignal): Promise<readonly Marked[]> =>
  Promise.all(annotationsOf(dashboard).map((json) => readOne(json, scene, signal)))
