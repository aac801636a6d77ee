import { type Dashboard, type DashboardSpec, model } from './model.ts'
import { everyVariable } from './variables.ts'

export { type Asked, type Dashboard, type DashboardJson, panelIdOf, row } from './model.ts'

/** A dashboard of ours: it has every choice that one of ours has. */
export const dashboard = (spec: DashboardSpec): Dashboard => model(spec, everyVariable)
