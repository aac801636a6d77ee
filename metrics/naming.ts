/** Labels that Prometheus adds to everything it scrapes; `instance` is the target's name. */
export type TargetLabel = 'job' | 'instance'

const baseUnits = ['seconds', 'bytes', 'ratio', 'celsius', 'volts', 'amperes', 'joules', 'grams', 'meters'] as const
const foreignUnits = [
  ...(['nanoseconds', 'microseconds', 'milliseconds', 'ms', 'us', 'usec', 'sec', 'minutes', 'hours', 'days'] as const),
  ...(['kb', 'mb', 'kilobytes', 'megabytes', 'percent', 'percentage'] as const),
] as const
type BaseUnit = (typeof baseUnits)[number]
type ForeignUnit = (typeof foreignUnits)[number]

export type NameWithUnit<Name extends string> = Name extends `${string}_${BaseUnit | 'info'}`
  ? Name
  : 'end the name in a base unit (_seconds, _bytes, _ratio), or say what it counts'
export type NameOfCount<Name extends string> = Name extends `${string}_${ForeignUnit}`
  ? 'use the base unit: seconds, bytes, ratio'
  : Name
export type NameOfTotal<Name extends string> = Name extends `${string}_${ForeignUnit}_total`
  ? 'use the base unit: seconds, bytes, ratio'
  : Name extends `${string}_total`
    ? Name
    : 'end the name of a counter in _total'
export type OwnLabel<Label extends string> = Label extends TargetLabel | 'le'
  ? 'Prometheus sets this label: name yours otherwise'
  : Label

interface Named {
  readonly name: string
  readonly labels: readonly string[]
  readonly counts?: string | undefined
  readonly peer?: string | undefined
}

const setByPrometheus: readonly string[] = ['job', 'instance', 'le'] satisfies (TargetLabel | 'le')[]
const endsIn = (name: string, units: readonly string[], after = '') =>
  units.some((unit) => name.endsWith(`_${unit}${after}`))

/** What the types above refuse, for those who write without types: what is wrong, in words. */
export const namingFault = (type: string, { name, labels, counts, peer }: Named): string | undefined => {
  const legal = peer ? /^[a-zA-Z_][a-zA-Z0-9_]*$/ : /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/
  const wrong = [name, ...labels].find((word) => !legal.test(word))
  if (wrong !== undefined) return `${wrong} is no name: use a-z, 0-9 and single _`
  const taken = labels.find((label) => setByPrometheus.includes(label))
  if (taken !== undefined) return `Prometheus sets the label ${taken}: name yours otherwise`
  const twice = labels.find((label, at) => labels.indexOf(label) < at)
  if (twice !== undefined) return `the label ${twice} stands twice in \`labels\``
  if (peer) return undefined
  if (endsIn(name, foreignUnits, type === 'counter' ? '_total' : '')) return 'use the base unit: seconds, bytes, ratio'
  if (type === 'counter') return name.endsWith('_total') ? undefined : 'end the name of a counter in _total'
  if (counts || endsIn(name, [...baseUnits, 'info'])) return undefined
  return 'end the name in a base unit (_seconds, _bytes, _ratio), or say what it `counts`'
}
