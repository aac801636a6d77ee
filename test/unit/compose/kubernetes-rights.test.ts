import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { everyManifest, ofKind, theOne } from './kubernetes-manifests.ts'
import { deploymentShape, monitorShape, podLabelsOf, policyShape } from './kubernetes-shapes.ts'

/** Who asks each pod of ours, and which ports it asks itself. */
const reach: Readonly<Record<string, { readonly askedBy: readonly string[]; readonly asks: readonly number[] }>> = {
  'techplus-exporter': { askedBy: ['prometheus'], asks: [5432, 6379] },
  'techplus-incidents': { askedBy: ['prometheus', 'alertmanager'], asks: [9093] },
  'techplus-blackbox': { askedBy: ['prometheus'], asks: [3000] },
}

test('every pod of ours has a policy and a budget, and there is no other', () => {
  for (const kind of ['Deployment', 'NetworkPolicy', 'PodDisruptionBudget']) {
    expect(
      ofKind(kind)
        .map(({ metadata }) => metadata.name)
        .sort(),
    ).toEqual(Object.keys(reach).sort())
  }
})

describe.each(Object.entries(reach))('%s', (name, { askedBy, asks }) => {
  const { ingress, egress } = policyShape.parse(theOne('NetworkPolicy', name)).spec

  test('is asked by whoever needs to, in its own namespace, and by nobody else', () => {
    expect(ingress.flatMap(({ from }) => from)).toEqual(
      askedBy.map((asker) => ({ podSelector: { matchLabels: { 'app.kubernetes.io/name': asker } } })),
    )
  })

  test('finds names, and reaches the ports of what it watches and no other', () => {
    const tcp = (port: number) => ({ protocol: 'TCP', port })
    expect(egress).toEqual([{ ports: [{ protocol: 'UDP', port: 53 }, tcp(53)] }, { ports: asks.map(tcp) }])
  })

  test('lets its node be emptied at any time, well or not: nobody waits for a second pod', () => {
    expect(theOne('PodDisruptionBudget', name).spec).toEqual({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: deploymentShape.parse(theOne('Deployment', name)).spec.selector.matchLabels },
    })
    expect(podLabelsOf(theOne('Deployment', name))).toMatchObject({ 'app.kubernetes.io/name': name })
  })
})

describe('the servers', () => {
  // The operator puts these on the Services that it makes: operated-prometheus, operated-alertmanager.
  test.each(['prometheus', 'alertmanager'])(
    '%s is found by the label of the Service that the operator makes',
    (kind) => {
      const { selector, endpoints } = monitorShape.parse(theOne('ServiceMonitor', `techplus-${kind}`)).spec
      expect(selector.matchLabels).toEqual({ [`operated-${kind}`]: 'true' })
      expect(endpoints.map(({ port }) => port)).toEqual(['web'])
    },
  )

  test('tell the Alertmanager that the operator makes', () => {
    expect(theOne('Prometheus', 'techplus').spec).toMatchObject({
      alerting: { alertmanagers: [{ name: 'alertmanager-operated', port: 'web' }] },
    })
  })
})

describe('Prometheus', () => {
  const account = 'techplus-prometheus'
  const looks = { verbs: ['get', 'list', 'watch'] }

  test('may look for targets in its own namespace, and do nothing else', () => {
    expect(theOne('Role', account).rules).toEqual([
      { apiGroups: [''], resources: ['services', 'endpoints', 'pods'], ...looks },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], ...looks },
    ])
    const kinds = everyManifest.map(({ kind }) => kind)
    expect(kinds.filter((kind) => /^(?:Cluster)?Role(?:Binding)?$/.test(kind))).toEqual(['Role', 'RoleBinding'])
  })

  test('is the one that may', () => {
    expect(theOne('RoleBinding', account)).toMatchObject({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account },
      subjects: [{ kind: 'ServiceAccount', name: account }],
    })
    const { serviceAccountName } = z
      .object({ serviceAccountName: z.string() })
      .loose()
      .parse(theOne('Prometheus', 'techplus').spec)
    expect(ofKind('ServiceAccount').map(({ metadata }) => metadata.name)).toEqual([serviceAccountName])
    expect(serviceAccountName).toBe(account)
  })
})
