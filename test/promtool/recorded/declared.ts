import { served } from '../series.ts'
import type { Recording } from './recording.ts'

/** Every series as it is declared, by the job that scrapes it: its name, and its labels in alphabetical order. */
const declared = [...served].flatMap(([job, metrics]) =>
  metrics.flatMap(({ name, type, labels }) => {
    const own = [...labels].sort()
    if (type !== 'histogram') return [{ job, name, labels: own }]
    const bucket = { job, name: `${name}_bucket`, labels: [...own, 'le'].sort() }
    return [bucket, ...['_count', '_sum'].map((part) => ({ job, name: `${name}${part}`, labels: own }))]
  }),
)

/** What was recorded with other labels than it is declared with, in words. */
export const strangersIn = (recording: Recording): readonly string[] =>
  declared.flatMap(({ job, name, labels }) => {
    const found = recording[job]?.[name]?.labels
    if (!found || found.join() === labels.join()) return []
    return [`${name} of ${job} has the labels (${found.join(', ')}), and is declared with (${labels.join(', ')})`]
  })
