import { isQueryFault, type QueryFault, queryAt, queryFault, queryRange } from './api.ts'
import { forPromql, interpolate, lookupIn, stepMacros } from './interpolate.ts'
import type { PanelJson, Target } from './model.ts'
import { type Rows, type Series, toRows, toSeries } from './results.ts'
import type { Scene } from './scene.ts'
import { align, rateInterval, stepOf } from './step.ts'
import { formatDuration, parseDuration } from './times.ts'

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

interface Outcome {
  readonly results: readonly (Series | Rows)[]
  readonly warnings: readonly string[]
}

const runTarget = async (
  target: Target,
  { expr, step }: { readonly expr: string; readonly step: number },
  { scene, alone, signal }: { readonly scene: Scene; readonly alone: boolean; readonly signal: AbortSignal },
): Promise<Outcome> => {
  const range = align(scene.range, step)
  const { data, warnings } = await (asksRange(target)
    ? queryRange(expr, range, step, signal)
    : queryAt(expr, scene.range.to, signal))
  const refId = target.refId ?? ''
  const results =
    target.format === 'table'
      ? [toRows(data, refId, alone ? 'Value' : `Value #${refId}`)]
      : toSeries(data, { target, expr, range, step })
  return { results, warnings }
}

const unique = <T extends { readonly message: string }>(faults: readonly T[]) =>
  faults.filter(({ message }, index) => faults.findIndex((other) => other.message === message) === index)

/** Runs every query of a panel; one that fails takes nothing from the others. Fails only as the signal is aborted. */
export const load = async (panel: PanelJson, scene: Scene, width: number, signal: AbortSignal): Promise<PanelData> => {
  const targets = (panel.targets ?? []).filter(({ hide, expr }) => !hide && expr)
  const alone = targets.length === 1
  const prepared = targets.map((target) => ({ target, ...prepare(target, panel, scene, width) }))
  const settled = await Promise.allSettled(
    prepared.map(({ target, ...query }) => runTarget(target, query, { scene, alone, signal })),
  )
  signal.throwIfAborted()
  const reasons = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  const outcomes = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  return {
    results: outcomes.flatMap(({ results }) => results),
    warnings: [...new Set(outcomes.flatMap(({ warnings }) => warnings))],
    faults: unique(reasons.map((reason) => (isQueryFault(reason) ? reason : queryFault(String(reason))))),
    sent: prepared.map(({ target, expr, step }) => ({ refId: target.refId ?? '', expr, step })),
  }
}
