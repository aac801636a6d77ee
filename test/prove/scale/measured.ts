import { instantValue } from '../../integration/instant-query.ts'
import { scraped } from '../scraped.ts'

/** What Prometheus tells of itself now: name and labels -> value. */
export const itself = async (url: string): Promise<ReadonlyMap<string, number>> =>
  (await scraped(`${url}/metrics`)).values

export const numberOf = (values: ReadonlyMap<string, number>, name: string): number => {
  const found = values.get(name)
  if (found === undefined) throw new Error(`Prometheus does not tell of ${name}`)
  return found
}

/** Of each group of rules, by its name. */
export const byGroup = (values: ReadonlyMap<string, number>, name: string): ReadonlyMap<string, number> =>
  new Map(
    [...values].flatMap(([series, value]) => {
      const group = new RegExp(`^${name}\\{rule_group="[^"]*;([^";]+)"\\}$`).exec(series)?.[1]
      return group === undefined ? [] : [[group, value] as const]
    }),
  )

/** What an instant query finds, as one number. */
export const asked = async (url: string, query: string): Promise<number> => (await instantValue(url, query)) ?? 0
