import { formatDuration, parseDuration } from '../../duration.ts'
import { exemplarsOf, isQueryFault, type QueryFault, queryAt, queryFault, queryRange, type Told } from './api.ts'
import { type Exemplar, thinned, toExemplars } from './exemplars.ts'
import { forPromql, interpolate, lookupIn, stepMacros } from './interpolate.ts'
import type { PanelJson, Target } from './model.ts'
import { type Answer, type Rows, type Series, toRows, toSeries } from './results.ts'
import type { Scene } from './scene.ts'
import { align, rateInterval, stepOf } from './step.ts'

/** A query as it was sent. */
export interface Sent {
  readonly refId: string
  readonly expr: string
  readonly step: number
}

export interface PanelData {
  readonly results: readonly (Series | Rows)[]
  readonly faults: readonly QueryFault[]
  readonly warnings: readonly string[]
  readonly sent: readonly Sent[]
  readonly exemplars: readonly Exemplar[]
}

const usualScrape = 15_000

/** The least step of a query: its own, the panel's, or what Prometheus scrapes by. */
const leastStep = (target: Target, panel: PanelJson, scrape: number, scene: Scene) => {
  const given = target.interval || panel.interval || ''
  const text = interpolate(given, scene.lookup, forPromql).replace(/^>/, '')
  return parseDuration(text) ?? scrape
}

const asksRange = ({ format, instant, range }: Target) => range ?? !(instant ?? format === 'table')

const prepare = (target: Target, panel: PanelJson, scene: Scene, width: number) => {
  const scrape = parseDuration(scene.site.scrapeInterval) ?? usualScrape
  const least = leastStep(target, panel, scrape, scene)
  const step = stepOf({ range: scene.range, points: panel.maxDataPoints ?? width, least })
  const steps = stepMacros(step, rateInterval(step, target.interval ? least : scrape), formatDuration)
  const lookup: Scene['lookup'] = (name, path) => lookupIn(steps)(name) ?? scene.lookup(name, path)
  return { step, expr: interpolate(target.expr ?? '', lookup, forPromql) }
}

interface Prepared {
  readonly target: Target
  readonly expr: string
  readonly step: number
}

type Answered = Told<Answer> & Prepared

const runTarget = async ({ target, expr, step }: Prepared, scene: Scene, signal: AbortSignal): Promise<Answered> => {
  const told = await (asksRange(target)
    ? queryRange(expr, align(scene.range, step), step, signal)
    : queryAt(expr, scene.range.to, signal))
  return { ...told, target, expr, step }
}

const isTable = ({ target }: Answered) => target.format === 'table'

/** Grafana names a table's values by how many of its queries are answered, be it with nothing: one that fails is none. */
const resultsOf = (answered: readonly Answered[], scene: Scene): readonly (Series | Rows)[] => {
  const alone = answered.filter(isTable).length === 1
  return answered.flatMap((one): readonly (Series | Rows)[] => {
    const { target, data, expr, step } = one
    if (!isTable(one)) return toSeries(data, { target, expr, range: align(scene.range, step), step })
    const refId = target.refId ?? ''
    return [toRows(data, refId, alone ? 'Value' : `Value #${refId}`)]
  })
}

/** They stand beside the lines: a Prometheus that keeps none takes nothing from the panel. */
const readExemplars = async (prepared: readonly Prepared[], scene: Scene, signal: AbortSignal) => {
  const asked = prepared.filter(({ target }) => target.exemplar && asksRange(target))
  const read = await Promise.allSettled(
    asked.map(async ({ target, expr, step }) => {
      const { data } = await exemplarsOf(expr, scene.range, signal)
      return thinned(toExemplars(data, target.refId ?? ''), step)
    }),
  )
  return {
    exemplars: read.flatMap((one) => (one.status === 'fulfilled' ? one.value : [])),
    failed: read.flatMap((one) => (one.status === 'rejected' ? [`Exemplars: ${wordsOf(one.reason).message}`] : [])),
  }
}

const wordsOf = (reason: unknown): QueryFault => (isQueryFault(reason) ? reason : queryFault(String(reason)))

const unique = <T extends { readonly message: string }>(faults: readonly T[]) =>
  faults.filter(({ message }, index) => faults.findIndex((other) => other.message === message) === index)

/** Runs every query of a panel; one that fails takes nothing from the others. Fails only as the signal is aborted. */
export const load = async (panel: PanelJson, scene: Scene, width: number, signal: AbortSignal): Promise<PanelData> => {
  const targets = (panel.targets ?? []).filter(({ hide, expr }) => !hide && expr)
  const prepared = targets.map((target) => ({ target, ...prepare(target, panel, scene, width) }))
  const [settled, { exemplars, failed }] = await Promise.all([
    Promise.allSettled(prepared.map((query) => runTarget(query, scene, signal))),
    readExemplars(prepared, scene, signal),
  ])
  signal.throwIfAborted()
  const reasons = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  const answered = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  return {
    results: resultsOf(answered, scene),
    warnings: [...new Set([...answered.flatMap(({ warnings }) => warnings), ...failed])],
    exemplars,
    faults: unique(reasons.map(wordsOf)),
    sent: prepared.map(({ target, expr, step }) => ({ refId: target.refId ?? '', expr, step })),
  }
}
