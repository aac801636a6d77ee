import {
  securityCheckRan,
  securityFindings,
  securityVulnerabilities,
  unexpectedPorts,
  updatesPending,
  weakPasswords,
  worldWritableFiles,
} from '../../exporters/jobs/security.ts'
import { matches } from '../../metrics/metric.ts'
import { and, eq, gt, instant, maxOverTime, minOverTime } from '../../metrics/promql.ts'
import { alert } from '../alert.ts'
import { auditAgain, report } from './looks.ts'

export const auditCheckBlind = alert({
  name: 'AuditCheckNotRun',
  expr: eq(instant(securityCheckRan), 0),
  for: '1m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label }) =>
    `The security audit could not look at ${label('check')}: that it tells of nothing there does not mean that all is well`,
  action:
    'The report names what was missing: a program, a right, an address that refuses. Mend it and run the audit again.',
  runbook: {
    meaning:
      'One check of the audit could not look at all that it is to look at: the registry refuses npm audit, a log may not be read, a server does not answer. All others did.',
    impact: 'What this check looks for is not found. Its last findings stand still.',
    diagnosis: [
      report,
      {
        look: 'Whether the registry answers audits at all',
        shell: 'npm audit --json | head -n 20; npm config get registry',
      },
      auditAgain,
    ],
    mitigation: [
      'npm_audit: a mirror that refuses audits (405): set another registry in the .npmrc of that folder, or ask whoever runs the mirror.',
      'logins: give the user of the jobs the right to read the log (group adm).',
      'certificates, postgres_roles, redis_acl: the server or its login; see its own alerts.',
      'Nothing is to be looked at there: take it out of config/security.ts; the check is then left out.',
    ],
  },
})

const vulnerabilities = {
  diagnosis: [
    { look: 'Which packages, why they are there, and what mends them', shell: 'npm audit --omit=dev' },
    { look: 'What would change if it were mended', shell: 'npm audit fix --dry-run --omit=dev' },
    report,
    auditAgain,
  ],
  mitigation: [
    'A release without it exists: npm audit fix, npm test, and release.',
    'None does: see whether our code reaches what is vulnerable. If it does, replace the package, or block the way in until there is one.',
    'It does not concern us: write down why, and silence the alert until the next release of the package.',
  ],
} as const

export const vulnerabilitiesCritical = alert({
  name: 'VulnerabilitiesCritical',
  expr: gt(instant(securityVulnerabilities.where({ level: 'critical' })), 0),
  for: '1m',
  severity: 'medium',
  owner: 'reservations',
  summary: ({ value }) =>
    `${value.plain} packages that are installed have a critical vulnerability that is publicly known`,
  action: 'See which they are (npm audit --omit=dev), and release with what mends them: npm audit fix.',
  runbook: {
    meaning:
      'npm audit knows of a critical vulnerability in packages that the API is installed with, or in what those need.',
    impact:
      'Whoever reads the advisory may take over the service, or read what it stores, if our code can be reached with it.',
    ...vulnerabilities,
  },
})

export const vulnerabilitiesHigh = alert({
  name: 'VulnerabilitiesHigh',
  expr: gt(instant(securityVulnerabilities.where({ level: 'high' })), 0),
  for: '1m',
  severity: 'low',
  owner: 'reservations',
  summary: ({ value }) =>
    `${value.plain} packages that are installed have a vulnerability of level high that is publicly known`,
  action: 'Plan the update of these packages: npm audit --omit=dev names them, and what mends them.',
  runbook: {
    meaning:
      'npm audit knows of a vulnerability of level high in packages that the API is installed with, or in what those need.',
    impact: 'Mostly somebody can make the service slow or crash it; some can read what is not theirs.',
    ...vulnerabilities,
  },
})

export const portsUnexpected = alert({
  name: 'UnexpectedPortsOpen',
  expr: gt(instant(unexpectedPorts), 0),
  for: '1m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ value }) => `${value.plain} ports of the host are open to others, and nobody allowed them`,
  action:
    'See which program listens, and since when. Bind it to 127.0.0.1, or allow its port in config/security.ts if it is meant to be reached.',
  runbook: {
    meaning:
      'A program listens on an address that others reach, at a port that the list in config/security.ts does not have.',
    impact: 'Databases and dashboards that are open to the network are found within hours. Or it is not ours at all.',
    diagnosis: [
      report,
      { look: 'Who listens where', shell: 'ss -ltnup | grep -vE "127\\.0\\.0\\.1|\\[::1\\]"' },
      { look: 'What the firewall lets through', shell: 'nft list ruleset 2>/dev/null | head -n 60 || iptables -S' },
      auditAgain,
    ],
    mitigation: [
      'A program of yours: bind it to 127.0.0.1 (Docker: 127.0.0.1:5432:5432, as a published port passes by the firewall).',
      'It is meant to be open: add it to the list in config/security.ts, with the reason.',
      'Nobody knows it: take the host off the network before you end it, and look how it came there.',
    ],
  },
})

export const filesWorldWritable = alert({
  name: 'WorldWritableFiles',
  expr: gt(instant(worldWritableFiles), 0),
  for: '1m',
  severity: 'low',
  owner: 'platform',
  summary: ({ value }) => `${value.plain} files or folders of the application may be changed by every user of the host`,
  action: 'Take the right away (chmod o-w), and find out what gave it: an umask, an archive, a step of a deployment.',
  runbook: {
    meaning:
      'Below the folders of config/security.ts there are files, or folders without a sticky bit, with the right to write for others.',
    impact: 'Any program on the host, also one that was broken into, can change what the API runs.',
    diagnosis: [
      report,
      {
        look: 'Which they are',
        shell: 'find /var/www/techplus -xdev \\( -type f -o -type d ! -perm -1000 \\) -perm -o+w | head -n 50',
      },
      auditAgain,
    ],
    mitigation: [
      'chmod -R o-w on what is listed; nothing of the application needs it.',
      'It comes back with each deployment: set umask 022 there, or in the archive.',
    ],
  },
})

export const passwordsWeak = alert({
  name: 'WeakPasswords',
  expr: gt(instant(weakPasswords), 0),
  for: '1m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ value }) =>
    `${value.plain} logins have a password that is empty, a default or a placeholder, or need none`,
  action:
    'The report says of which (never the password itself). Set new ones, in the secrets and in the server, and restart what uses them.',
  runbook: {
    meaning:
      'The audit looked at the settings of the service and at its servers, and found passwords that are tried first by whoever gets that far.',
    impact: 'Whoever reaches the server has all its data. Programs that try defaults scan the whole network every day.',
    diagnosis: [
      report,
      {
        look: 'Which logins of PostgreSQL have no password',
        sql: 'select rolname from pg_authid where rolcanlogin and rolpassword is null;',
      },
      { look: 'Whether Redis lets in whoever comes', shell: 'redis-cli -h 127.0.0.1 ping' },
      auditAgain,
    ],
    mitigation: [
      'Set a long random one: openssl rand -base64 32. First in the server (alter role ... password, acl setuser), then in the secret files.',
      'A login that nobody uses: take it away (alter role ... nologin).',
    ],
  },
})

export const accessTooWide = alert({
  name: 'AccessTooWide',
  expr: gt(instant(securityFindings.where({ check: matches('postgres_roles|redis_acl') })), 0),
  for: '1m',
  severity: 'medium',
  owner: 'platform',
  summary: ({ label, value }) =>
    `${value.plain} logins may do more than they need, or than is safe (${label('check')})`,
  action:
    'The report names each, and the right that it has too many. Take it away; try it in the demo first if you do not know who needs it.',
  runbook: {
    meaning:
      'postgres_roles: logins that are superuser, may make roles or read files, or what everybody may do. redis_acl: users without a password, or who may run dangerous commands.',
    impact:
      'A fault in one program is then a fault in everything: with the rights of an owner it reads and changes what is not its own.',
    diagnosis: [
      report,
      {
        look: 'What the logins of PostgreSQL may do',
        sql: 'select rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls from pg_roles where rolcanlogin order by 1;',
      },
      {
        look: 'What the users of Redis may do',
        shell: 'redis-cli -u "$REDIS_URL" acl list | sed "s/#[0-9a-f]*/#.../g"',
      },
      auditAgain,
    ],
    mitigation: [
      'PostgreSQL: alter role ... nosuperuser nocreaterole; grant only what its statements need.',
      'Redis: acl setuser ... -@dangerous, and a password; docs/administration.md has the rights that the exporter needs.',
      'It is meant so: allow it in config/security.ts, with the reason.',
    ],
  },
})

export const updatesWaiting = alert({
  name: 'SecurityUpdatesPending',
  threshold: {
    is: '0',
    least: '0',
    most: '1000',
    source: 'ours: what waits for a week is installed by nobody; unattended-upgrades takes a day',
  },
  expr: (threshold) => {
    const waiting = gt(minOverTime(updatesPending, '7d'), threshold)
    // A Prometheus that is younger does not know for how long they wait.
    return and(waiting, maxOverTime(instant(updatesPending, { offset: '7d' }), '1h'))
  },
  for: '1h',
  severity: 'low',
  owner: 'platform',
  summary: ({ label, value }) =>
    `At least ${value.plain} security updates of ${label('source')} have waited for a week`,
  action: 'See what they are, choose an hour, and install them: npm run job -- security-update --dry-run first.',
  runbook: {
    meaning:
      'For seven days there was never a moment without a security update that waits: packages of the system, or of npm.',
    impact: 'What they mend is public, and tried by everybody who scans the network.',
    diagnosis: [
      { look: 'Which wait (system)', shell: 'apt list --upgradable 2>/dev/null | grep -i security' },
      { look: 'Which wait (npm)', shell: 'npm audit --omit=dev' },
      { look: 'What would be done', shell: 'npm run job -- security-update --dry-run' },
      report,
    ],
    mitigation: [
      'Switch security-update on in config/jobs.ts, and run it in a quiet hour: npm run job -- security-update. It restarts the API, and checks it.',
      'System: let unattended-upgrades do it every night.',
      'One cannot be installed (held, or a major version): write down why, and silence the alert until it can.',
    ],
  },
})
