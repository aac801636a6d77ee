import { gauge } from '../../metrics/metric.ts'

/** `version` is package.json's where the update changed it, and the short commit otherwise. */
export const deployed = gauge({
  name: 'deployment_timestamp_seconds',
  help: 'Unix time at which the API was brought to this version, the last update that succeeded',
  labels: ['version'],
})
export const rolledBack = gauge({
  name: 'update_rolled_back',
  counts: 'updates',
  help: 'Whether the last update brought the API back to the version before (1) or not (0)',
})
export const schemaAhead = gauge({
  name: 'update_schema_ahead',
  counts: 'databases',
  help: 'Whether the code was brought back and the schema of the database could not be (1), or they agree (0)',
})

/** What a run of the update tells of. */
export const updateMeasures = [deployed, rolledBack, schemaAhead] as const
