import { plainYaml, yaml } from '../yaml.ts'

/** An object of Kubernetes, as it is applied. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Metadata
  readonly [field: string]: unknown
}
/** Files, by name. */
export interface ConfigMap extends Manifest {
  readonly data: Readonly<Record<string, string>>
}
interface Metadata {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** Everything here is a part of it: by this label Prometheus and the operator find what is ours. */
export const partOf = { 'app.kubernetes.io/part-of': 'techplus-observability' } as const

/** What the pods of one program are known by. */
export const nameLabel = (name: string) => ({ 'app.kubernetes.io/name': name }) as const

/** What an object is called, and how it is found. */
export const named = (
  name: string,
  labels: Readonly<Record<string, string>> = {},
  annotations?: Readonly<Record<string, string>>,
): Metadata => ({ name, labels: { ...partOf, ...labels }, ...(annotations && { annotations }) })

/** Objects of one file, in the order in which they are applied. */
export const file = ([first, ...others]: readonly Manifest[]): string =>
  [yaml(first), ...others.map(plainYaml)].join('---\n')

export const dataMap = (
  name: string,
  data: Readonly<Record<string, string>>,
  more: Partial<Metadata> = {},
): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: named(name, more.labels, more.annotations),
  data,
})
