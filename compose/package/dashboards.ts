import type { Dashboard } from '../../dashboards/model.ts'

export type { Meaning, Names, Step } from '../../dashboards/colour.ts'
export type { Panel } from '../../dashboards/field.ts'
export { type Dashboard, model as dashboard, row } from '../../dashboards/model.ts'
export { stat, text, timeseries } from '../../dashboards/panel.ts'
export { type Query, query, series } from '../../dashboards/query.ts'
export { table } from '../../dashboards/table.ts'
export type { Unit } from '../../dashboards/unit.ts'
export { type Variable, variable } from '../../dashboards/variable.ts'

/** The text of a file that Grafana is provisioned with. */
export const printDashboard = ({ json }: Dashboard): string => `${JSON.stringify(json, null, 2)}\n`
