import { deployed } from '../exporters/jobs/update.ts'
import { instant, max, mul } from '../metrics/promql.ts'
import { type Dashboard, type DashboardSpec, type Mark, model } from './model.ts'
import { series } from './query.ts'
import { everyVariable } from './variables.ts'

export { type Asked, type Dashboard, type DashboardJson, panelIdOf, row } from './model.ts'

/** When the job update brought the API to another version. */
const deployments: Mark = {
  title: 'Deployment',
  query: series(mul(max(instant(deployed), ['version']), 1_000), ''),
  says: '{{version}}',
  is: 'neutral',
}

/** A dashboard of ours: it has every choice that one of ours has, and deployments are marked on it. */
export const dashboard = (spec: DashboardSpec): Dashboard => model(spec, everyVariable, [deployments])
