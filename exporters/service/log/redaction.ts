import { keyJudge } from './redaction-keys.ts'
import { most, type Plain, shownText, walked } from './redaction-walk.ts'

/**
 * Copies without secrets and personal data, told by their key or by their form. What they were made of is not changed.
 * Neither throws, whatever it is given, and what they return is bounded.
 */
export interface Redaction {
  text(text: string): string
  value(value: unknown): Plain
}

/** @param keys further keys whose values are secret */
export const redaction = (keys: readonly string[] = []): Redaction => {
  const judge = keyJudge(keys)
  return {
    text: (given) => shownText(given, most.text, judge),
    value: (given) => walked(given, judge),
  }
}
