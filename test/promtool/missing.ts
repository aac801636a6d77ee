import { alertsOf, ruleFiles } from '../../alerts/index.ts'
import { namesOf } from '../../metrics/names.ts'
import type { Case } from './case.ts'

const fires = (cases: readonly Case[], id: string) => cases.some((one) => one.fires.some(({ rule }) => rule.id === id))
const isQuiet = (cases: readonly Case[], id: string) =>
  cases.some(({ about, fires: firing }) => about.id === id && !firing.some(({ rule }) => rule.id === id))

/** Every alert that is not proven to fire, or not to stay quiet, in a line each. */
export const missingCases = (cases: readonly Case[]): readonly string[] => {
  const files = ruleFiles()
  return namesOf(files).flatMap((subject) =>
    alertsOf(files[subject]).flatMap(({ id }) => {
      const line = (what: string, remedy: string) => `test/promtool/${subject}: ${id} has no case ${what}: ${remedy}`
      return [
        ...(fires(cases, id) ? [] : [line('in which it must fire', 'add one, or nobody knows whether it can')]),
        ...(isQuiet(cases, id) ? [] : [line('in which it must stay quiet', 'add one, or it may cry wolf')]),
      ]
    }),
  )
}
