import { gauge } from '../../metrics/metric.ts'

/**
 * What is cleaned: completed reservations past their time, management tokens that have expired, keys of Redis that were
 * put aside under `expired:`, and sessions there that would never end.
 */
export const cleanupKinds = ['reservations', 'tokens', 'expired_keys', 'sessions'] as const
export type CleanupKind = (typeof cleanupKinds)[number]

export const cleanupRemoved = gauge({
  name: 'cleanup_removed',
  counts: 'rows and keys',
  help: 'How many the last cleanup removed; of tokens, how many it cleared: their reservations stay',
  labels: ['what'],
})
export const cleanupLeft = gauge({
  name: 'cleanup_left',
  counts: 'rows and keys',
  help: 'How many were due and are there still after the last cleanup: what others depend on, what was locked, what is over the ceiling or too young',
  labels: ['what'],
})
export const cleanupCeilingReached = gauge({
  name: 'cleanup_ceiling_reached',
  counts: 'kinds',
  help: 'Whether more were due than may go without a word, so that none went (1), or not (0)',
  labels: ['what'],
})
export const cleanupReindexed = gauge({
  name: 'cleanup_reindexed_indexes',
  counts: 'indexes',
  help: 'Bloated indexes that the last cleanup rebuilt',
})

/** What a run of the cleanup tells of. A kind that has no server here, or that could not be counted, has no series. */
export const cleanupMeasures = [cleanupRemoved, cleanupLeft, cleanupCeilingReached, cleanupReindexed] as const
