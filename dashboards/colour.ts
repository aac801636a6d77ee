import type { SeverityName } from '../config/sla.ts'

/**
 * What a colour says, in Grafana's names where one will do. Any two of the first five differ for every eye: as who is
 * red-green or blue-yellow blind sees them, they are at least 15 apart (CIE 1976), good and bad at least 30. Grafana's own
 * green is 8 from its red. Red and green never stand alone all the same: a text or a place says what they say.
 *
 * They are for lines and large letters, and have a contrast of 3 both to a dark page and to a light one. What is worth a look
 * has 2 on the light one, for more would be brown: no letters have its colour.
 */
export const colours = {
  good: '#00A276',
  notice: '#DBA100',
  warning: '#D95F02',
  bad: '#CD1F1F',
  neutral: 'blue',
  muted: 'text',
} as const

export type Meaning = keyof typeof colours

/** The same under letters, be they small: the ones that Grafana lays on them, dark or light, have a contrast of 4.5. */
export const grounds: Readonly<Record<Meaning, string>> = {
  good: '#00806E',
  notice: 'light-yellow',
  warning: '#FFAD66',
  bad: '#C41A1A',
  neutral: 'dark-blue',
  muted: 'transparent',
}

/**
 * For series that mean neither good nor bad: Okabe and Ito's, which differ for every eye, those that differ most first. In
 * place of their yellow, which nobody sees on white, a violet.
 */
export const seriesColours = ['#56B4E9', '#E69F00', '#CC79A7', '#009E73', '#9233FF', '#D55E00', '#0072B2'] as const

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
