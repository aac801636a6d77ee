import { z } from 'zod'
import type { Manifest } from './kubernetes-manifests.ts'

const labels = z.record(z.string(), z.string())
const matching = z.object({ matchLabels: labels })

const relabeling = z.strictObject({
  action: z.enum(['labeldrop']).optional(),
  regex: z.string().default('(.*)'),
  sourceLabels: z.array(z.string()).default([]),
  targetLabel: z.string().optional(),
  replacement: z.string().default('$1'),
})
type Relabeling = z.infer<typeof relabeling>

const drop = (known: Readonly<Record<string, string>>, pattern: RegExp) =>
  Object.fromEntries(Object.entries(known).filter(([label]) => !pattern.test(label)))

const step = (known: Readonly<Record<string, string>>, one: Relabeling): Readonly<Record<string, string>> => {
  const pattern = new RegExp(`^(?:${one.regex})$`)
  if (one.action === 'labeldrop') return drop(known, pattern)
  const value = one.sourceLabels.map((label) => known[label] ?? '').join(';')
  return pattern.test(value) && one.targetLabel
    ? { ...known, [one.targetLabel]: value.replace(pattern, one.replacement) }
    : known
}

/** The labels that a target has after Prometheus' relabelling of what was known of it: those with __ are its own affair. */
export const found = (steps: readonly Relabeling[], known: Readonly<Record<string, string>>) => {
  const { job, instance, ...others } = drop(steps.reduce(step, known), /^__/)
  return { job, instance, ...others }
}

export const monitorShape = z.object({
  spec: z.object({
    selector: matching,
    endpoints: z.array(
      z.object({
        port: z.string(),
        path: z.string(),
        interval: z.string(),
        scrapeTimeout: z.string(),
        honorLabels: z.boolean().default(false),
        authorization: z.unknown().optional(),
        relabelings: z.array(relabeling),
      }),
    ),
  }),
})

export const probeShape = z.object({
  spec: z.object({
    jobName: z.string(),
    prober: z.object({ path: z.string() }),
    targets: z.object({
      staticConfig: z.object({ static: z.array(z.string()), relabelingConfigs: z.array(relabeling) }),
    }),
  }),
})

const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) })

const container = z.object({
  env: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
  startupProbe: probe,
  readinessProbe: probe,
  livenessProbe: probe,
  resources: z.object({ requests: labels, limits: labels }),
  securityContext: z.unknown(),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().default(false) })),
})

export const deploymentShape = z.object({
  spec: z.object({
    replicas: z.number(),
    strategy: z.object({ type: z.string() }),
    selector: matching,
    template: z.object({
      metadata: z.object({ labels, annotations: labels.default({}) }),
      spec: z.object({
        automountServiceAccountToken: z.boolean(),
        securityContext: z.object({ runAsUser: z.number() }).loose(),
        containers: z.array(container),
        volumes: z.array(
          z.object({
            name: z.string(),
            secret: z.object({ secretName: z.string() }).optional(),
            configMap: z.object({ name: z.string() }).optional(),
          }),
        ),
      }),
    }),
  }),
})

/** The labels of the pods that a Deployment makes. */
export const podLabelsOf = (one: Manifest) => deploymentShape.parse(one).spec.template.metadata.labels

export const serviceShape = z.object({
  spec: z.object({
    selector: labels,
    ports: z.array(z.object({ name: z.string(), port: z.number(), targetPort: z.string() })),
  }),
})

export const policyShape = z.object({
  spec: z.strictObject({
    podSelector: matching,
    policyTypes: z.tuple([z.literal('Ingress'), z.literal('Egress')]),
    ingress: z.array(
      z.strictObject({
        from: z.array(z.strictObject({ podSelector: z.strictObject({ matchLabels: labels }) })),
        ports: z.array(z.strictObject({ protocol: z.string(), port: z.string() })),
      }),
    ),
    egress: z.array(z.strictObject({ ports: z.array(z.strictObject({ protocol: z.string(), port: z.number() })) })),
  }),
})
