import { failedLogins } from '../../exporters/jobs/security.ts'
import { avgOverTime, gt, instant, lte, mul, unless } from '../../metrics/promql.ts'
import { alert } from '../alert.ts'
import { auditAgain, report } from './looks.ts'

/** Times as many as in a usual day of the week before. */
const surge = 3

export const failedLoginsSurging = alert({
  name: 'FailedLoginsSurging',
  threshold: {
    is: '100',
    least: '5',
    most: '1000000',
    source:
      'ours: people mistype a handful a day. A host that is open to the internet is tried by thousands: set it to yours',
  },
  // Where there was no week before, whatever is over the threshold is told.
  expr: (threshold) =>
    unless(
      gt(instant(failedLogins), threshold),
      lte(instant(failedLogins), mul(avgOverTime(failedLogins, '7d', { offset: '1d' }), surge)),
    ),
  for: '1m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ value }) =>
    `${value.plain} logins by SSH were refused within a day, more than three times as many as usual: somebody tries`,
  action:
    'See from where, and whether one of them got in at last. Block the addresses, and let nobody in with a password.',
  runbook: {
    meaning:
      'The log of SSH has more refused logins of the 24 hours before the audit than the threshold, and more than three times those of a usual day of the week before.',
    impact: 'None, as long as no password is guessed. One that is guessed is the whole host.',
    diagnosis: [
      {
        look: 'From where, and for which users',
        shell:
          'journalctl _COMM=sshd --since -1d --no-pager | grep -oE "Failed password for (invalid user )?[^ ]+ from [0-9a-f.:]+" | sort | uniq -c | sort -rn | head -n 20',
      },
      {
        look: 'Who got in meanwhile',
        shell: 'last -n 20 -w; journalctl _COMM=sshd --since -2d --no-pager | grep Accepted | tail -n 20',
      },
      report,
      auditAgain,
    ],
    mitigation: [
      'Nobody unknown got in: block the addresses (fail2ban, the firewall), and set PasswordAuthentication no.',
      'Somebody did: take the host off the network, change every secret that it held, and set it up anew.',
      'It is a program of yours with an old password: mend it.',
    ],
  },
})
