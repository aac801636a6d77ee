/** A signal that others alert on, and the reason why nothing here does. */
interface NotAlerted {
  readonly signal: string
  readonly why: string
}

/** Stands at the end of the runbook, so that nobody looks for an alert that there is not. */
export const notAlerted: readonly NotAlerted[] = [
  {
    signal: 'PostgreSQL: configuration changed',
    why: "A change is somebody's deed, and no fault. What it brings about (connections, memory, checkpoints) has its own alerts.",
  },
  {
    signal: 'PostgreSQL: too few connections',
    why: 'A small service has few, and at night none. That nobody books is told by ReservationsStopped and HttpTrafficGone.',
  },
  {
    signal: 'PostgreSQL: statement timeouts',
    why: "Only the server's log has them. Requests that fail by them count against the promises.",
  },
  {
    signal: 'PgBouncer: waiting clients, saturation',
    why: 'The stack has none. The pools inside the service are watched: ClientPoolWaiting, ClientPoolFull.',
  },
  {
    signal: 'Alertmanager: a cluster that lost a member, or whose configurations differ',
    why: 'The stack has one Alertmanager, and no cluster. That it is gone or kept an old configuration: PrometheusWithoutAlertmanager, AlertmanagerReloadFailed.',
  },
  {
    signal: 'Prometheus agents: series, damages of the log of what is unsent',
    why: 'They keep nothing else. That they no longer send it: PrometheusRemoteWriteBehind; too much for Mimir: PrometheusRemoteWriteFailing.',
  },
  {
    signal: 'Prometheus: service discovery',
    why: 'Its targets are a list. A target that is no longer in it: TargetAbsent.',
  },
  {
    signal: 'Maintenance jobs that somebody stopped',
    why: 'It is a deed, and what was not done then is due again: JobOverdue, BackupStale.',
  },
  {
    signal: 'Vulnerabilities of level moderate, low and info',
    why: 'There are always some. The Security dashboard shows them; the next update of the packages takes them along.',
  },
]
