import { readFileSync } from 'node:fs'

type LabelSet = Readonly<Record<string, string>>

/** How the series of one name came. */
export type RecordedSeries = {
  /** Names of their labels besides `job` and `instance`, in alphabetical order. A label without a value is none: here is each that one of them has. */
  readonly labels: readonly string[]
  /** Some of them, with a placeholder for what differs from run to run. */
  readonly examples: readonly LabelSet[]
}

/** By job and name: what rules read, as real servers served it. */
export type Recording = Readonly<Record<string, Readonly<Record<string, RecordedSeries>>>>

export const recordingFile = new URL('labels.json', import.meta.url)

/** `npm run prove -- labels` writes it. */
export const recording: Recording = JSON.parse(readFileSync(recordingFile, 'utf8'))

/** Undefined where no target of this job ever served it. */
export const recordedLabels = (job: string, name: string): readonly string[] | undefined =>
  recording[job]?.[name]?.labels
