import type { SeverityName } from '../config/sla.ts'

/** What a colour says, in Grafana's names. Blue and orange differ for every eye; red and green never stand alone: a text or a place says the same. */
export const colours = {
  good: 'green',
  notice: 'yellow',
  warning: 'orange',
  bad: 'red',
  neutral: 'blue',
  muted: 'text',
} as const

export type Meaning = keyof typeof colours

/** The colour of each severity, wherever it is shown. */
export const severityMeaning = {
  critical: 'bad',
  high: 'warning',
  medium: 'notice',
  low: 'neutral',
} as const satisfies Record<SeverityName, Meaning>

/** From this value on, a colour. */
export interface Step {
  readonly from: number
  readonly is: Meaning
}

/** What a number is called where its name says more, such as 1 for up. */
export type Names = Readonly<Record<number, { readonly text: string; readonly is: Meaning }>>

export const upOrDown: Names = {
  [-1]: { text: 'NOT SCRAPED', is: 'warning' },
  0: { text: 'DOWN', is: 'bad' },
  1: { text: 'UP', is: 'good' },
}
