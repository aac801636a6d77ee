import { alertmanagerConfig } from '../alertmanager/config.ts'
import type { Deployment } from '../deployment.ts'
import { yaml } from '../yaml.ts'

/**
 * The configuration of a tenant's Alertmanager, in the form in which Mimir takes it: for those whose Mimir sends alerts to its own.
 * That reads no files: `filledIn` puts the secrets into the places where this names theirs.
 * @param templates by the names of their files, which must have no folder there
 */
export const tenantAlertmanager = (deployment: Deployment, templates: ReadonlyMap<string, string>): string =>
  yaml({
    template_files: Object.fromEntries(templates),
    alertmanager_config: alertmanagerConfig(deployment, undefined, [...templates.keys()]),
  })

const secretFile = /^(\s*(?:- )?)(\w+)_file: (\S+)$/gm

/**
 * The same with each secret in its place, to be sent and not to be kept.
 * @param secretOf what is in the file of this name
 */
export const filledIn = (text: string, secretOf: (path: string) => string): string =>
  text.replace(secretFile, (_all, indent: string, key: string, path: string) => {
    // In double quotes, as JSON has it, no character means anything but itself.
    return `${indent}${key}: ${JSON.stringify(secretOf(path).trimEnd())}`
  })
