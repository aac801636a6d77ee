import { z } from 'zod'

/** What the rules read of a dashboard: the classic schema, as Grafana takes it from a file. */
const source = z.object({ type: z.string().optional(), uid: z.string().optional() })
const target = z.object({ expr: z.string().optional(), refId: z.string(), datasource: source.optional() })

export const panelShape = z.object({
  id: z.number(),
  type: z.string(),
  title: z.string().default(''),
  description: z.string().default(''),
  datasource: source.optional(),
  targets: z.array(target).default([]),
  fieldConfig: z
    .object({
      defaults: z.object({ unit: z.string().optional(), mappings: z.array(z.unknown()).default([]) }),
      overrides: z
        .array(
          z.object({
            matcher: z.object({ id: z.string(), options: z.unknown() }),
            properties: z.array(z.object({ id: z.string(), value: z.unknown() })),
          }),
        )
        .default([]),
    })
    .optional(),
  transformations: z.array(z.object({ id: z.string(), options: z.unknown() })).default([]),
})
export type LintedPanel = z.infer<typeof panelShape>
export type LintedTarget = z.infer<typeof target>

const choice = z.object({
  name: z.string(),
  label: z.string().default(''),
  type: z.string(),
  query: z.union([z.string(), z.object({ query: z.string() })]).optional(),
  datasource: source.optional(),
  refresh: z.number().optional(),
  multi: z.boolean().default(false),
  allValue: z.string().optional(),
})
export type LintedChoice = z.infer<typeof choice>

export const dashboardShape = z.object({
  uid: z.string(),
  title: z.string(),
  editable: z.boolean().default(true),
  templating: z.object({ list: z.array(choice).default([]) }),
  panels: z.array(panelShape),
})
export type LintedDashboard = z.infer<typeof dashboardShape>
