/** Who keeps the API running, and is asked to restart it. */
export type DriverSetting =
  /** PM2, under this name. `home` is PM2's own folder, `~/.pm2` as it comes. */
  | { readonly by: 'pm2'; readonly process: string; readonly home?: string }
  | { readonly by: 'systemd'; readonly unit: string }
  | { readonly by: 'docker'; readonly container: string }
  /** A service of the compose project whose file this is. */
  | { readonly by: 'compose'; readonly file: string; readonly service: string }

/** When the API is restarted, how often, and when that is given up. */
export interface RestartSetting {
  readonly driver: DriverSetting
  /** `/health` has to fail so often in a row, with so many seconds between: once alone may be a pause. */
  readonly failures: number
  readonly secondsBetween: number
  /** Seconds that it may take until it is healthy after a restart. */
  readonly readySeconds: number
  /** Restarts of one outage. Then it is given up, and somebody is paged. */
  readonly attempts: number
  /** Seconds between the first that did not help and the second; twice as many before each that follows. */
  readonly pauseSeconds: number
  /** Restarts within an hour, of all runs together: what falls again and again is not mended by one more. */
  readonly perHour: number
}

/** The handbook's restart.sh, which looks once, restarts once, sleeps for 30 seconds and looks again. */
export const restartSetting: RestartSetting = {
  // The handbook: pm2 restart techplus-backend.
  driver: { by: 'pm2', process: 'techplus-backend' },
  failures: 3,
  secondsBetween: 5,
  // The handbook's half a minute is a guess; this is for the slowest start, and nobody waits longer than it takes.
  readySeconds: 90,
  // Four, with their pauses and waits, are over before the ten minutes after which a run counts as hanging.
  attempts: 4,
  pauseSeconds: 10,
  perHour: 6,
}
