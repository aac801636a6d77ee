import type { Env } from '../config/env.ts'
import { models } from '../dashboards/index.ts'
import { upstream } from '../dashboards/preview/proxy.ts'
import { withRunbook } from './links.ts'

/** Where the preview asks Prometheus. */
export const prometheusOf = ({ PROMETHEUS_URL, PROMETHEUS_PORT }: Env) =>
  PROMETHEUS_URL ?? `http://127.0.0.1:${PROMETHEUS_PORT}`

/** As the preview draws them: links to the runbook lead where Prometheus is, without a login that it may want. */
export const drawnFor = (env: Env) =>
  withRunbook(
    models.map(({ uid, title, json }) => ({ ...json, uid, title })),
    { runbooks: env.PROMETHEUS_PUBLIC_URL ?? upstream(prometheusOf(env)).url },
  )
