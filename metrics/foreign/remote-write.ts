import { counter, gauge } from '../metric.ts'

/** Whom is written to: its `name` in the configuration, and its URL (a password in it is replaced by `xxxxx`). */
const whom = ['remote_name', 'url'] as const

/** Of an agent, and of a Prometheus that writes elsewhere; any other has none of them. */
export const remoteSamples = counter({
  name: 'prometheus_remote_storage_samples_total',
  peer: 'prometheus',
  help: 'Samples that were sent, those that were refused or are sent again among them',
  labels: whom,
})
export const remoteSamplesFailed = counter({
  name: 'prometheus_remote_storage_samples_failed_total',
  peer: 'prometheus',
  help: 'Samples of messages that were refused for good and are not sent again',
  labels: whom,
})
/** There from the first moment on, in every release. */
export const remoteShards = gauge({
  name: 'prometheus_remote_storage_shards',
  peer: 'prometheus',
  help: 'Connections that samples are sent by',
  labels: whom,
})
// Refused is sent, too. Before the first is sent it is 0, and up to 2.53 not there at all.
export const remoteSentUntil = gauge({
  name: 'prometheus_remote_storage_queue_highest_sent_timestamp_seconds',
  peer: 'prometheus',
  help: 'Time of the newest sample that was sent',
  labels: whom,
})
