import type { Alert } from '../../../../alerts/alert.ts'
import type { Expected, Provocation, Watch } from '../provocation.ts'

/** Servers of the scene, and what is done to them. */
export interface Part {
  /** Of those that are watched, by their names. */
  readonly urls: Readonly<Record<string, string>>
  lanes(watch: Watch): readonly (readonly Provocation[])[]
  end(): Promise<unknown>
}

/** Alerts of one server. */
export const on = (instance: string, first: Alert, ...others: readonly Alert[]): readonly [Expected, ...Expected[]] => {
  const expected = (alert: Alert): Expected => ({ alert, labels: { instance } })
  return [expected(first), ...others.map(expected)]
}
