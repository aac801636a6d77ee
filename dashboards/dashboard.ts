import { marks } from './marks.ts'
import { type Dashboard, type DashboardSpec, model } from './model.ts'
import { counterparts } from './subjects.ts'
import { everyVariable } from './variables.ts'

export { type Asked, type Dashboard, type DashboardJson, panelIdOf, row, withPages } from './model.ts'

/** A dashboard of ours: it has every choice that one of ours has, what happened is marked on it, and it leads to the alerts about it. */
export const dashboard = (spec: DashboardSpec): Dashboard => model(spec, everyVariable, marks, counterparts(spec.uid))
