import { readdirSync, readFileSync } from 'node:fs'
import { isOfThisMachine } from './judge.ts'
import type { Played } from './play.ts'

/** What fired in an outage, to be played again: seconds of production from the beginning of the fault. */
export interface Recorded {
  readonly fault: string
  readonly pages: readonly string[]
  readonly alerts: readonly {
    readonly labels: Readonly<Record<string, string>>
    readonly from: number
    readonly until: number
  }[]
}

/** Proven by `npm run prove -- outage`, which writes it. */
export const recordingFile = (name: string) => new URL(`recordings/${name}.json`, import.meta.url)

export const recordedOf = ({ scenario, seen }: Played): Recorded => ({
  fault: scenario.fault,
  pages: scenario.pages,
  alerts: seen
    .filter(({ labels }) => labels.alertname !== 'Watchdog' && !isOfThisMachine(labels))
    .map(({ labels, from, until }) => ({ labels, from: Math.round(from), until: Math.round(until) })),
})

export const recording = (name: string): Recorded => JSON.parse(readFileSync(recordingFile(name), 'utf8'))

/** The outages that there are recordings of. */
export const recorded: readonly string[] = readdirSync(new URL('recordings/', import.meta.url))
  .map((file) => file.replace(/\.json$/, ''))
  .toSorted()
