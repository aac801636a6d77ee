import type { Equivalent } from '../equivalent.ts'

export const promisesEquivalents: readonly Equivalent[] = [
  {
    alert: 'HttpLatencyUnknown',
    mutant: 'http_request_duration_seconds_sum for http_request_duration_seconds_count',
    why: 'only whether they are there is asked, and a histogram has both or neither',
  },
]
