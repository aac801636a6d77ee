import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { artefacts } from '../../../compose/artefacts.ts'
import { checkout } from '../../integration/compiler.ts'

export const manifest = z
  .object({
    apiVersion: z.string(),
    kind: z.string(),
    metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }).loose(),
  })
  .loose()
export type Manifest = z.infer<typeof manifest>

const folder = 'kubernetes/'
const text = new Map([...artefacts()].filter(([path]) => path.startsWith(folder)))

const documents = (path: string) => parseAllDocuments(text.get(path) ?? '').map((one): unknown => one.toJS())
const isKustomization = (path: string) => path.endsWith('/kustomization.yaml')

/** What is generated for a cluster, by its path. */
export const kubernetesTexts: ReadonlyMap<string, string> = text

/** Every object in the file. */
export const manifestsIn = (path: string): readonly Manifest[] => documents(path).map((one) => manifest.parse(one))

/** Every object that is applied, in every file. */
export const everyManifest: readonly Manifest[] = [...text.keys()]
  .filter((path) => !isKustomization(path))
  .flatMap(manifestsIn)

export const kustomizations = [...text.keys()]
  .filter(isKustomization)
  .map((path) => [path.replace(/\/[^/]*$/, ''), documents(path)[0]] as const)

export const ofKind = (kind: string): readonly Manifest[] => everyManifest.filter((one) => one.kind === kind)

/** The object of this name. @throws Error where there is none */
export const theOne = (kind: string, name: string): Manifest => {
  const found = ofKind(kind).find(({ metadata }) => metadata.name === name)
  if (!found) throw new Error(`no ${kind} is called ${name}`)
  return found
}

// --- what the published schemas say -----------------------------------------------------------------------------

/** The package that has the schema: of prometheus-operator's own kinds one, of Kubernetes' the other. */
const moduleOf = ({ apiVersion, kind }: Manifest) =>
  apiVersion.startsWith('monitoring.coreos.com/')
    ? `@kubernetes-models/prometheus-operator/${apiVersion}/${kind}`
    : `kubernetes-models/${apiVersion}/${kind}`

const models = new Map<string, Promise<Record<string, new (data: object) => { validate(): void }>>>()
const modelOf = async (one: Manifest) => {
  const module = moduleOf(one)
  models.set(module, models.get(module) ?? import(module))
  const Model = (await models.get(module))?.[one.kind]
  if (!Model) throw new Error(`${module} has no ${one.kind}`)
  return Model
}

const nameOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.name}`

/** What the schema of its kind has against an object: types, patterns, what is missing. Fields it does not know pass. */
export const schemaFaults = async (one: Manifest): Promise<readonly string[]> => {
  try {
    const Model = await modelOf(one)
    new Model(one).validate()
    return []
  } catch (cause) {
    return [`${nameOf(one)}: ${cause instanceof Error ? cause.message : String(cause)}`]
  }
}

/** The words in a file are no fields. */
const emptied = (one: Manifest) => {
  const { data, stringData, ...rest } = one
  const blank = (files: unknown) =>
    files === undefined ? undefined : Object.fromEntries(Object.keys(Object(files)).map((key) => [key, '']))
  return {
    ...rest,
    ...(data !== undefined && { data: blank(data) }),
    ...(stringData !== undefined && { stringData: blank(stringData) }),
  }
}

/**
 * Fields that a schema does not know: each object is compiled as a literal of the type that was made of the schema, in which
 * nothing may be that the type has not.
 */
export const typeFaults = async (manifests: readonly Manifest[]): Promise<readonly string[]> => {
  const copy = checkout()
  try {
    const kinds = new Map(manifests.map((one) => [moduleOf(one), one.kind]))
    const places = [...kinds].map(([module, kind], i) => `import type { I${kind} as T${i} } from '${module}'`)
    const order = [...kinds.keys()]
    const literals = manifests.map(
      (one, i) => `export const m${i}: T${order.indexOf(moduleOf(one))} = ${JSON.stringify(emptied(one), null, 1)}`,
    )
    mkdirSync(join(copy.folder, 'made'), { recursive: true })
    const written = [...places, ...literals].join('\n')
    writeFileSync(join(copy.folder, 'made/manifests.ts'), written)
    const faults = await copy.faults('--ignoreConfig', ...options, 'made/manifests.ts')
    const lines = written.split('\n')
    return faults.map(({ line, message }) => `${aboutLine(lines, line, manifests)}: ${message}`)
  } finally {
    copy.end()
  }
}

const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023', '--types', '']

/** The object whose literal a line stands in. */
const aboutLine = (lines: readonly string[], line: number, manifests: readonly Manifest[]) => {
  const start = lines.slice(0, line).findLast((one) => one.startsWith('export const m')) ?? ''
  const one = manifests[Number(/^export const m(\d+)/.exec(start)?.[1])]
  return one ? nameOf(one) : 'the types'
}
