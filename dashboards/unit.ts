import {
  BytesIEC,
  BytesPerSecondSI,
  DateTimeFromNow,
  OpsPerMinute,
  OpsPerSecond,
  PercentUnit,
  Number as PlainNumber,
  RequestsPerSecond,
  Seconds,
  Short,
} from '@grafana/grafana-foundation-sdk/units'

/** What a value is counted in, and Grafana's id for it, which decides how it is printed. */
export const unitIds = {
  /** A number of things: 1.2 K. */
  count: Short,
  /** A number printed as it is. */
  plain: PlainNumber,
  /** 0.25 is printed as 25%. */
  share: PercentUnit,
  seconds: Seconds,
  bytes: BytesIEC,
  bytesPerSecond: BytesPerSecondSI,
  requestsPerSecond: RequestsPerSecond,
  perSecond: OpsPerSecond,
  perMinute: OpsPerMinute,
  /** Milliseconds since 1970, printed as the time that has passed. */
  timeAgo: DateTimeFromNow,
} as const

export type Unit = keyof typeof unitIds
