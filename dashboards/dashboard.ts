import { marks } from './marks.ts'
import { type Dashboard, type DashboardSpec, model } from './model.ts'
import { everyVariable } from './variables.ts'

export { type Asked, type Dashboard, type DashboardJson, panelIdOf, row } from './model.ts'

/** A dashboard of ours: it has every choice that one of ours has, and what happened is marked on it. */
export const dashboard = (spec: DashboardSpec): Dashboard => model(spec, everyVariable, marks)
