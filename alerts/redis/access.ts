import { errors } from '../../exporters/redis/errors.ts'
import { matches } from '../../metrics/metric.ts'
import { gt, increase, round, sum } from '../../metrics/promql.ts'
import { target as server } from '../../metrics/target.ts'
import { type Alert, alert } from '../alert.ts'
import { cli } from './cli.ts'

/** Counted by the word that the refusal begins with: servers before 7.2 have no other counter. */
const refused = (words: string) => round(sum(increase(errors.where({ err: matches(words) }), '5m'), server))

export const redisLoginsRefused = alert({
  name: 'RedisLoginsRefused',
  threshold: { is: '20', least: '1', most: '10000', source: 'Ours: more than somebody who mistypes a password' },
  expr: (threshold) => gt(refused('WRONGPASS|NOAUTH'), threshold),
  for: '1m',
  keepFiringFor: '15m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `Redis ${label('instance')} refused ${value.plain} logins within 5 minutes: a password is wrong, or somebody guesses`,
  action: `See who it was: ${cli('acl log 10')}. Inside addresses: give that service the new password. Others: close the port.`,
  runbook: {
    meaning: 'Answers WRONGPASS (wrong name or password) and NOAUTH (no password given).',
    impact:
      'A service of ours that is refused has no sessions and no cache. Somebody else who is not refused reads every session.',
    diagnosis: [
      { look: 'Name and address of the last ones', shell: cli('acl log 10') },
      { look: 'Who can reach the port at all', shell: "ss -tlnp | grep ':6379'" },
      { look: 'Which logins there are', shell: cli('acl list') },
    ],
    mitigation: [
      'After a change of the password: restart what still has the old one.',
      'A health check without a password: give it one.',
      'From outside: bind Redis to an inner address, or let the firewall close its port; then change the password.',
    ],
  },
})

export const redisAccessDenied = alert({
  name: 'RedisAccessDenied',
  // Where its login lacks rights, the exporter itself is refused up to eight times in five minutes.
  threshold: { is: '20', least: '10', most: '10000', source: 'Ours: more than the exporter is refused' },
  expr: (threshold) => gt(refused('NOPERM'), threshold),
  for: '5m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ label, value }) =>
    `Redis ${label('instance')} denied ${value.plain} commands within 5 minutes: a login lacks a right that it uses`,
  action: `See which login lacks what: ${cli('acl log 10')}. Grant it with ACL SETUSER, or take the release back that needs it.`,
  runbook: {
    meaning: 'Answers NOPERM: a login ran a command, or named a key or channel, that its rules do not allow.',
    impact:
      'That part of the application fails at each attempt. Or a login that somebody took over tries what it can do.',
    diagnosis: [
      { look: 'Login, command or key, and address', shell: cli('acl log 10') },
      { look: 'What each login may do', shell: cli('acl list') },
    ],
    mitigation: [
      `A new release needs it: ${cli('acl setuser NAME +COMMAND ~PREFIX:*')}, and in the file of the rules (ACL SAVE).`,
      'Nobody knows the commands: treat the login as stolen. Reset its password, and end its connections with CLIENT KILL USER NAME.',
    ],
  },
})

export const accessAlerts: readonly Alert[] = [redisLoginsRefused, redisAccessDenied]
