import type { Histogram } from '../../../metrics/metric.ts'
import { printLabels } from '../../exposition.ts'
import type { Kept, Line } from '../../reading.ts'
import { Distribution } from '../instruments/distribution.ts'
import { beyondLimit } from '../instruments/series-store.ts'
import { httpRequestSize, httpRequestsAborted, httpRequestsTotal, httpResponseSize } from './metrics.ts'

/** What nginx logs for a client that closed the connection: it got no status, and the fault is not the server's. */
export const clientLeft = 499

/** Requests of one route by one method. */
interface MethodCells {
  readonly labels: string
  readonly requestBytes: Distribution
  readonly responseBytes: Distribution
  aborted: number
  /** By status code. Sparse: a service answers with few of them. */
  readonly byStatus: (Distribution | undefined)[]
}
type RouteCells = Map<string, MethodCells>

/** One request that is over. */
export interface Ended {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly seconds: number
  /** On the wire; undefined for HTTP/2, and for requests that Node did not announce. */
  readonly requestBytes: number | undefined
  readonly responseBytes: number | undefined
  readonly traceId: string | undefined
}

type Duration = Histogram<'method' | 'route' | 'status_code'>

interface CellsOptions {
  readonly maxSeries: number
  readonly onLimit: () => void
  readonly duration: Duration
}

/** Every method that has a series of its own. A client may send any word. */
const usualMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/**
 * Counts requests by method, route and status. At the end of a request it makes no string and looks up no label: two maps
 * and an array lead to where it is counted.
 */
export const httpCells = ({ maxSeries, onLimit, duration }: CellsOptions) => {
  const routes = new Map<string, RouteCells>()
  let series = 0

  const addMethod = (route: string, method: string) => {
    const cells = routes.get(route) ?? new Map<string, MethodCells>()
    routes.set(route, cells)
    const made: MethodCells = {
      labels: printLabels(['method', 'route'], [method, route]),
      requestBytes: new Distribution(httpRequestSize.buckets),
      responseBytes: new Distribution(httpResponseSize.buckets),
      aborted: 0,
      byStatus: [],
    }
    cells.set(method, made)
    return made
  }
  const make = (route: string, given: string, status: number) => {
    const method = usualMethods.has(given) ? given : 'OTHER'
    const full = series >= maxSeries
    if (full) onLimit()
    const at = full ? beyondLimit : route
    const cells = routes.get(at)?.get(method) ?? addMethod(at, method)
    if (cells.byStatus[status] === undefined) {
      series += 1
      cells.byStatus[status] = new Distribution(duration.buckets)
    }
    return cells
  }

  return {
    /** Counts a request that is over; `left` says that its client did not wait for the end. */
    add: ({ method, route, status, seconds, requestBytes, responseBytes, traceId }: Ended, left: boolean) => {
      const known = routes.get(route)?.get(method)
      const cells = known?.byStatus[status] ? known : make(route, method, status)
      cells.byStatus[status]?.observe(seconds, traceId)
      if (requestBytes !== undefined) cells.requestBytes.observe(requestBytes)
      if (responseBytes !== undefined) cells.responseBytes.observe(responseBytes)
      if (left) cells.aborted += 1
    },
    kept: (): readonly Kept[] => keptOf(routes, duration),
  }
}

const keptOf = (routes: ReadonlyMap<string, RouteCells>, duration: Duration): readonly Kept[] => {
  function* each(print: (cells: MethodCells) => Iterable<Line>) {
    for (const cells of routes.values()) for (const one of cells.values()) yield* print(one)
  }
  const byStatus = (print: (labels: string, one: Distribution) => Iterable<Line>) =>
    each(function* ({ labels, byStatus: found }) {
      for (const status in found) {
        const one = found[status]
        if (one) yield* print(`${labels.slice(0, -1)},status_code="${status}"}`, one)
      }
    })
  return [
    {
      metric: httpRequestsTotal,
      lines: () => byStatus((labels, { count }) => [[httpRequestsTotal.name + labels, count]]),
    },
    { metric: duration, lines: (open) => byStatus((labels, one) => one.lines(duration.name, labels, open)) },
    {
      metric: httpRequestsAborted,
      lines: () => each(({ labels, aborted }) => [[httpRequestsAborted.name + labels, aborted]]),
    },
    {
      metric: httpRequestSize,
      lines: (open) => each(({ labels, requestBytes }) => requestBytes.lines(httpRequestSize.name, labels, open)),
    },
    {
      metric: httpResponseSize,
      lines: (open) => each(({ labels, responseBytes }) => responseBytes.lines(httpResponseSize.name, labels, open)),
    },
  ]
}
