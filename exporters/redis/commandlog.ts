import { gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { settings } from './config.ts'
import { type Fields, fieldSamples, type Info, metricsOf, theirs } from './fields.ts'
import { asked } from './permission.ts'
import type { Redis } from './source.ts'

const lengths = {
  slow: gauge(theirs('commandlog_slow_length', 'Calls in the log of slow ones')),
  'large-request': gauge(theirs('commandlog_large_request_length', 'Calls in the log of large requests')),
  'large-reply': gauge(theirs('commandlog_large_reply_length', 'Calls in the log of large replies')),
} satisfies Fields
const limits = {
  'commandlog-execution-slower-than': gauge(
    theirs('commandlog_execution_slower_than', 'From how many microseconds on a call is logged as slow; -1 never'),
  ),
  'commandlog-slow-execution-max-len': gauge(
    theirs('commandlog_slow_execution_max_len', 'How many the log of slow calls holds'),
  ),
  'commandlog-request-larger-than': gauge(
    theirs('commandlog_request_larger_than', 'From how many bytes on a request is logged as large; -1 never'),
  ),
  'commandlog-large-request-max-len': gauge(
    theirs('commandlog_large_request_max_len', 'How many the log of large requests holds'),
  ),
  'commandlog-reply-larger-than': gauge(
    theirs('commandlog_reply_larger_than', 'From how many bytes on a reply is logged as large; -1 never'),
  ),
  'commandlog-large-reply-max-len': gauge(
    theirs('commandlog_large_reply_max_len', 'How many the log of large replies holds'),
  ),
} satisfies Fields

/** Valkey's logs of slow and of large calls, of 8.1 and later. */
export const commandlog: Collector<Redis> = {
  name: 'commandlog',
  metrics: [...metricsOf(lengths), ...metricsOf(limits)],
  async collect(reader) {
    if (!hasLogs(await reader.info())) return []
    const [told, set] = await Promise.all([
      Promise.all(
        Object.keys(lengths).map(async (log): Promise<readonly [string, string]> => {
          return [log, String(await asked(reader, '+commandlog|len', 'COMMANDLOG', 'LEN', log))]
        }),
      ),
      settings(reader, Object.keys(limits)).catch((refusal: unknown) => {
        reader.failed('its limits', refusal)
        return new Map<string, string>()
      }),
    ])
    return [...fieldSamples(new Map(told), lengths), ...fieldSamples(set, limits)]
  },
}

const hasLogs = (info: Info) => {
  const [major = 0, minor = 0] = (info.get('valkey_version') ?? '').split('.').map(Number)
  return major > 8 || (major === 8 && minor >= 1)
}
