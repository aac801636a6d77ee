import { stringify } from 'yaml'
import { header } from './docker/generated-for.ts'

/** YAML as Prometheus and Alertmanager read it: no folded lines, and 1.1's quoting, so that no `on` becomes true. */
export const plainYaml = (value: unknown): string =>
  stringify(value, { lineWidth: 0, version: '1.1', aliasDuplicateObjects: false })

/** The same for a file of ours, which says where it comes from. */
export const yaml = (value: unknown): string => header + plainYaml(value)
