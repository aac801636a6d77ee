import { counter, gauge } from '../../metrics/metric.ts'
import type { Collector } from '../collector.ts'
import { type Fields, fieldSamples, metricsOf, theirs } from './fields.ts'
import { asked, listOf, tableOf } from './permission.ts'
import type { Redis } from './source.ts'

const fields = {
  acl_access_denied_auth: counter(theirs('acl_access_denied_auth_total', 'Logins refused')),
  acl_access_denied_cmd: counter(theirs('acl_access_denied_cmd_total', 'Commands a login had no right to run')),
  acl_access_denied_key: counter(theirs('acl_access_denied_key_total', 'Commands on keys a login has no right to')),
  acl_access_denied_channel: counter(
    theirs('acl_access_denied_channel_total', 'Commands on channels a login has no right to'),
  ),
} satisfies Fields

export const denialsLogged = gauge({
  name: 'redis_acl_log_denials',
  counts: 'denials',
  help: 'What the ACL log holds of refused logins and commands, where the server does not count them (before 7.2)',
  labels: ['reason'],
})
const reasons = ['auth', 'command', 'key', 'channel'] as const

/** Who was refused. Only how often and why: the log itself names users, keys and addresses. */
export const acl: Collector<Redis> = {
  name: 'acl',
  metrics: [...metricsOf(fields), denialsLogged],
  async collect(reader) {
    const counted = fieldSamples(await reader.info(), fields)
    if (counted.length > 0) return counted
    const entries = listOf(await asked(reader, '+acl|log', 'ACL', 'LOG', '128')).map(tableOf)
    return reasons.map((reason) => {
      const counts = entries.map((entry) => (entry.get('reason') === reason ? Number(entry.get('count')) : 0))
      return denialsLogged.sample(
        counts.reduce((sum, count) => sum + count, 0),
        { reason },
      )
    })
  },
}
