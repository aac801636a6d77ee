import type { Quantity } from './quantity.ts'
import type { SeverityName } from './sla.ts'

/** What is different here about one alert. */
export type Override = {
  /** Why: it stands in the runbook beside the alert. */
  readonly reason: string
} & (
  | {
      /** From which value on it fires, in a unit of the same kind as the alert's own: `95 %`, `10 min`, `2 GiB`. */
      readonly threshold?: Quantity
      /** How long that must hold first, such as `10m`: a whole number and s, m, h or d. */
      readonly for?: `${number}${'s' | 'm' | 'h' | 'd'}`
      readonly severity?: SeverityName
      readonly off?: never
    }
  | {
      /** It is not watched at all. */
      readonly off: true
    }
)

/**
 * Alerts that are retuned or switched off, by their id: it heads the alert's entry in the runbook. An id that no alert has
 * is an error.
 */
export const overrides: Readonly<Record<string, Override>> = {}
