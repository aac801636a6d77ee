import { namesOf } from '../../../metrics/names.ts'
import { scraped } from '../scraped.ts'
import type { Incident, Span } from './tally.ts'

/** Sums over the incidents of one severity and owner: name of the series -> value, as the recorder prints them. */
type Values = ReadonlyMap<string, number>

const durations = {
  incident_time_to_notify_seconds: ({ notified }: Incident) => notified,
  incident_time_to_acknowledge_seconds: ({ acknowledged }: Incident) => acknowledged,
  incident_time_to_resolve_seconds: ({ resolved }: Incident) => resolved,
} as const satisfies Readonly<Record<string, (incident: Incident) => Span | undefined>>

const counters = {
  incidents_total: () => true,
  sla_response_met_total: ({ met }: Incident) => met,
  sla_response_breached_total: ({ met }: Incident) => !met,
} as const satisfies Readonly<Record<string, (incident: Incident) => boolean>>

const labelsIn = (series: string) =>
  new Map([...series.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [name, value]))

const nameOf = (series: string) => series.split('{')[0] ?? ''

/** What the recorder says of one severity and owner, by name, and by bound where it is a bucket. */
const valuesOf = (all: Values, { severity, owner }: Way): Values =>
  new Map(
    [...all].flatMap(([series, value]): (readonly [string, number])[] => {
      const labels = labelsIn(series)
      if (labels.get('severity') !== severity || labels.get('owner') !== owner) return []
      const le = labels.get('le')
      return [
        [le === undefined ? nameOf(series) : `${nameOf(series)} ${Number(le.replace('+Inf', 'Infinity'))}`, value],
      ]
    }),
  )

export interface Way {
  readonly severity: string
  readonly owner: string
}

/** What was found of the incidents of one severity and owner. */
export interface Compared extends Way {
  readonly incidents: number
  readonly acknowledged: number
  readonly resolved: number
  readonly met: number
  readonly breached: number
  /** Buckets in which exactly so many have to be, and those where moments lie too near the bound for that. */
  readonly exact: number
  readonly near: number
  readonly faults: readonly string[]
}

const within = (spans: readonly Span[], bound: number): Span => [
  spans.filter(([, latest]) => latest <= bound * 1_000).length,
  spans.filter(([earliest]) => earliest <= bound * 1_000).length,
]

const buckets = (incidents: readonly Incident[], found: Values, way: Way) => {
  const faults: string[] = []
  let [exact, near] = [0, 0]
  for (const name of namesOf(durations)) {
    const spans = incidents.flatMap((one) => {
      const span = durations[name](one)
      return span ? [span] : []
    })
    for (const [series, value] of found) {
      if (!series.startsWith(`${name}_bucket `)) continue
      const [least, most] = within(spans, Number(series.split(' ')[1]))
      if (least === most) exact += 1
      else near += 1
      if (value < least || value > most) {
        faults.push(
          `${series} of ${way.severity}, ${way.owner} is ${value}, not ${least === most ? least : `${least} to ${most}`}`,
        )
      }
    }
  }
  return { exact, near, faults }
}

const compareWay = (way: Way, incidents: readonly Incident[], all: Values): Compared => {
  const found = valuesOf(all, way)
  const faults: string[] = []
  const same = (name: string, expected: number) => {
    const value = found.get(name) ?? 0
    if (value !== expected) faults.push(`${name} of ${way.severity}, ${way.owner} is ${value}, not ${expected}`)
    return value
  }
  const counted = (name: keyof typeof counters) => same(name, incidents.filter(counters[name]).length)
  const timed = (name: keyof typeof durations) =>
    same(`${name}_count`, incidents.filter((one) => durations[name](one) !== undefined).length)
  timed('incident_time_to_notify_seconds')
  const sums = {
    incidents: counted('incidents_total'),
    acknowledged: timed('incident_time_to_acknowledge_seconds'),
    resolved: timed('incident_time_to_resolve_seconds'),
    met: counted('sla_response_met_total'),
    breached: counted('sla_response_breached_total'),
  }
  const bounds = buckets(incidents, found, way)
  return { ...way, ...sums, exact: bounds.exact, near: bounds.near, faults: [...faults, ...bounds.faults] }
}

const waysOf = (incidents: readonly Incident[], all: Values): readonly Way[] => {
  const counted = [...all.keys()].filter((series) => nameOf(series) === 'incidents_total').map(labelsIn)
  const found = [
    ...incidents.map(({ severity, owner }) => ({ severity, owner })),
    ...counted.map((labels) => ({ severity: labels.get('severity') ?? '', owner: labels.get('owner') ?? '' })),
  ]
  return [...new Map(found.map((way) => [`${way.owner} ${way.severity}`, way])).entries()]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([, way]) => way)
}

/** What is still open when all is over, or still told to be acknowledged. */
const leftOpen = (all: Values) =>
  [...all]
    .filter(
      ([series, value]) =>
        (nameOf(series) === 'incidents_open' && value !== 0) || nameOf(series) === 'alert_acknowledged',
    )
    .map(([series, value]) => `${series} is ${value} when all is over`)

/** Holds what a recorder tells against the incidents that there were. */
export const compared = (incidents: readonly Incident[], all: Values) => {
  const ways = waysOf(incidents, all).map((way) =>
    compareWay(
      way,
      incidents.filter((one) => one.severity === way.severity && one.owner === way.owner),
      all,
    ),
  )
  return { ways, faults: [...ways.flatMap(({ faults }) => faults), ...leftOpen(all)] }
}

export const readRecorder = async (url: string): Promise<Values> => (await scraped(`${url}/metrics`)).values

/** What is kept: the rest is counted anew in each process. */
const ours = /^(incidents_total|incident_time_to_|sla_response_)/

/** Counters never count back, also not over a restart. */
export const countsBack = (before: Values, after: Values): readonly string[] =>
  [...after]
    .filter(([series, value]) => value < (before.get(series) ?? 0))
    .filter(([series]) => ours.test(nameOf(series)))
    .map(([series, value]) => `${series} fell from ${before.get(series)} to ${value}`)
