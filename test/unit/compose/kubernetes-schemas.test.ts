import { beforeAll, describe, expect, test } from 'vitest'
import {
  everyManifest,
  type Manifest,
  manifest,
  ofKind,
  schemaFaults,
  theOne,
  typeFaults,
} from './kubernetes-manifests.ts'

/** What both say. */
const faultsOf = async (...manifests: readonly Manifest[]) => [
  ...(await Promise.all(manifests.map(schemaFaults))).flat(),
  ...(await typeFaults(manifests)),
]

test('every object is what the schemas of Kubernetes and prometheus-operator want, and has nothing that they do not know', async () => {
  expect(everyManifest.length).toBeGreaterThan(60)
  expect(await faultsOf(...everyManifest)).toEqual([])
}, 60_000)

test('all kinds are there that belong to it', () => {
  expect([...new Set(everyManifest.map(({ kind }) => kind))].sort()).toEqual([
    ...['Alertmanager', 'ConfigMap', 'Deployment', 'Namespace', 'NetworkPolicy', 'PersistentVolumeClaim'],
    ...['PodDisruptionBudget', 'Probe', 'Prometheus', 'PrometheusRule', 'Role', 'RoleBinding', 'Secret'],
    ...['Service', 'ServiceAccount', 'ServiceMonitor'],
  ])
})

type Change = readonly [what: string, kind: string, name: string, from: string, to: string, fault: RegExp]

const changes: readonly Change[] = [
  [
    'a misspelt field deep in a pod',
    'Deployment',
    'techplus-exporter',
    '"readOnlyRootFilesystem"',
    '"readOnlyRootFileSystem"',
    /"readOnlyRootFileSystem"/,
  ],
  ['a wrong type', 'Deployment', 'techplus-exporter', '"replicas":1', '"replicas":"1"', /replicas must be integer/],
  [
    'a missing field',
    'Deployment',
    'techplus-exporter',
    '"selector"',
    '"selectors"',
    /must have required property selector/,
  ],
  [
    'a word that is none of those allowed',
    'PodDisruptionBudget',
    'techplus-exporter',
    '"AlwaysAllow"',
    '"Always"',
    /Always/,
  ],
  ['a misspelt field of a rule', 'PrometheusRule', 'techplus-http', '"annotations"', '"annotation"', /"annotation"/],
  ['a duration that is none', 'PrometheusRule', 'techplus-http', '"for":"', '"for":"x', /for must match pattern/],
  [
    'a rule without an expression',
    'PrometheusRule',
    'techplus-http',
    '"expr"',
    '"expression"',
    /must have required property expr/,
  ],
  [
    'a relabelling nobody knows',
    'ServiceMonitor',
    'techplus-exporter',
    '"labeldrop"',
    '"dropLabel"',
    /dropLabel|allowed values/,
  ],
  [
    'a flag of Prometheus by another name',
    'Prometheus',
    'techplus',
    '"forGracePeriod"',
    '"gracePeriod"',
    /"gracePeriod"/,
  ],
  ['a port that is no number', 'Service', 'techplus-incidents', '"port":9466', '"port":"9466"', /port must be integer/],
]

describe('it is found:', () => {
  const broken = changes.map(([what, kind, name, from, to, fault], place) => {
    const text = JSON.stringify(theOne(kind, name))
    const one = manifest.parse(JSON.parse(text.replace(from, to)))
    // A name of its own, by which what is said is known to be said of it.
    return { what, fault, from, text, one: { ...one, metadata: { ...one.metadata, name: `broken-${place}-` } } }
  })
  let said: readonly string[] = []
  beforeAll(async () => {
    said = await faultsOf(...broken.map(({ one }) => one))
  }, 60_000)

  test.each(broken)('$what', ({ from, text, one, fault }) => {
    expect(text).toContain(from)
    const about = said.filter((line) => line.startsWith(`${one.kind} ${one.metadata.name}:`))
    expect(about.join('\n')).toMatch(fault)
  })
})

test('each has a name of its own among those of its kind', () => {
  const names = everyManifest.map(({ kind, metadata }) => `${kind}/${metadata.name}`)
  expect(names.filter((one, i) => names.indexOf(one) !== i)).toEqual([])
})

test('whoever applies it can: no ConfigMap or Secret is larger than etcd takes', () => {
  const mebibyte = 1024 ** 2
  const sizes = [...ofKind('ConfigMap'), ...ofKind('Secret')].map((one) => JSON.stringify(one).length)
  expect(sizes.length).toBeGreaterThan(25)
  expect(Math.max(...sizes)).toBeLessThan(mebibyte)
})
