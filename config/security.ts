/** What the audit looks at, each by itself: one that cannot run takes nothing from the others. */
export const checkNames = [
  'npm_audit',
  'certificates',
  'ports',
  'permissions',
  'logins',
  'passwords',
  'postgres_roles',
  'redis_acl',
  'updates',
] as const
export type CheckName = (typeof checkNames)[number]

/** What is not looked at in a container, and why: it sees itself there, and not the machine. */
export const notInContainers = {
  npm_audit:
    'the image has no npm, and what is installed in it was locked when it was built. Run the audit where the API and its package-lock.json are',
  ports:
    'a container sees its own ports, and not those of the machine. Run the audit on the machine, or name other machines in AUDIT_HOSTS',
  updates:
    'a container sees the packages of its image, which a newer image brings, and not those of the machine. Run the audit on the machine',
} as const satisfies Partial<Record<CheckName, string>>

/** A port that may be open to others than this machine. */
export interface AllowedPort {
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
  /** The program that has it, as `/proc/PID/comm` names it: another one that took the port is found, where it can be seen. */
  readonly program?: string
  readonly reason: string
}

/** What a role of PostgreSQL may besides reading and writing its tables, as `pg_roles` and the predefined roles name it. */
export const powers = [
  'SUPERUSER',
  'CREATEROLE',
  'REPLICATION',
  'BYPASSRLS',
  'pg_execute_server_program',
  'pg_write_server_files',
  'pg_read_server_files',
] as const
export type Power = (typeof powers)[number]

export interface AllowedRole {
  readonly powers?: readonly Power[]
  /** It may have no password: it comes in by another way than one. */
  readonly withoutPassword?: true
  readonly reason: string
}

export interface AllowedUser {
  /** Commands of `redis.dangerous` it may run; `all` for one that may run everything. */
  readonly commands?: 'all' | readonly string[]
  readonly reason: string
}

/** A login that software is delivered with, or that is chosen by whoever wants to be done. */
export interface WellKnownLogin {
  readonly user: string
  readonly password: string
}

export interface SecuritySettings {
  /** Checks that are not made, each with the reason, which the report tells. */
  readonly off: Readonly<Partial<Record<CheckName, string>>>
  readonly npm: {
    /** Folders with a package-lock.json. API_DIR is one of them where it is set. */
    readonly folders: readonly string[]
    readonly seconds: number
  }
  readonly certificates: {
    /** One that ends sooner is a finding. */
    readonly soonDays: number
    readonly seconds: number
  }
  readonly ports: {
    readonly allowed: readonly AllowedPort[]
    /** Seconds between two looks: what is open in both counts, which leaves out a client that waits for an answer. */
    readonly apartSeconds: number
    /** Ports that are tried on the hosts of AUDIT_HOSTS. */
    readonly tried: readonly number[]
    readonly seconds: number
  }
  readonly permissions: {
    /** API_DIR is one of them where it is set. */
    readonly folders: readonly string[]
    readonly allowed: readonly { readonly path: string; readonly reason: string }[]
    /** Files and folders that are looked at before it gives up, which fails the check. */
    readonly most: number
  }
  readonly logins: {
    /** The first of them that is there is read, with the one before it (`.1`); the journal where there is none. */
    readonly files: readonly string[]
    /** Where there is this file there is an SSH server to watch. */
    readonly server: string
    readonly hours: number
    /** More than so many are a finding. */
    readonly most: number
    /** A login let in from a source that was refused so often is a finding. */
    readonly guesses: number
  }
  readonly passwords: {
    /** Files with lines such as `NAME=value`. Those of `NAME_FILE` and those in SECRETS_DIR are looked at as well. */
    readonly files: readonly string[]
    readonly wellKnown: readonly string[]
    /** Tried on the server where its passwords cannot be read. The fewer, the less they look like an attack. */
    readonly postgres: readonly WellKnownLogin[]
    readonly redis: readonly WellKnownLogin[]
  }
  readonly postgres: {
    readonly roles: Readonly<Record<string, AllowedRole>>
  }
  readonly redis: {
    readonly users: Readonly<Record<string, AllowedUser>>
    /** Commands that empty, stop, reconfigure or take over a server, or hand out all of its keys. */
    readonly dangerous: readonly string[]
  }
}

export const security: SecuritySettings = {
  off: {},
  // The handbook's `npm audit`.
  npm: {
    folders: ['.'],
    // npm itself waits five minutes for an answer and asks three times.
    seconds: 180,
  },
  certificates: {
    // As of the alert: ACME clients renew 30 days before the end, and one that has not by now does not.
    soonDays: 20,
    seconds: 15,
  },
  ports: {
    allowed: [
      { protocol: 'tcp', port: 22, program: 'sshd', reason: 'administration' },
      { protocol: 'tcp', port: 80, program: 'nginx', reason: 'leads to HTTPS, and renews certificates' },
      { protocol: 'tcp', port: 443, program: 'nginx', reason: 'the site and its API' },
      { protocol: 'udp', port: 68, reason: 'the answers of DHCP' },
    ],
    apartSeconds: 2,
    // What nmap tries first, of the services that are to be reached from within alone.
    tried: [
      21, 23, 25, 110, 111, 135, 139, 143, 445, 2375, 3000, 3306, 3389, 5432, 5900, 6379, 8080, 9090, 9093, 9100, 9200,
      9464, 11211, 15672, 27017,
    ],
    seconds: 3,
  },
  permissions: {
    // The handbook's `find /var/www/techplus -type f -perm /o+w`.
    folders: ['.'],
    allowed: [],
    most: 2_000_000,
  },
  logins: {
    // Debian's, and Red Hat's.
    files: ['/var/log/auth.log', '/var/log/secure'],
    server: '/etc/ssh/sshd_config',
    hours: 24,
    // Twice what a forgotten password makes on a bad day; a guesser makes thousands.
    most: 20,
    // As fail2ban is delivered.
    guesses: 5,
  },
  passwords: {
    files: ['.env'],
    // The first of every published list of stolen passwords, and what examples and images are delivered with.
    wellKnown: [
      ...['password', 'passw0rd', 'password1', 'password123', 'pass', 'changeme', 'change-me', 'change_me', 'changeit'],
      ...['secret', 'mysecret', 'mysecretpassword', 'supersecret', 'your-secret', 'your-password', 'yourpassword'],
      ...['admin', 'admin123', 'administrator', 'root', 'toor', 'postgres', 'postgresql', 'redis', 'foobared', 'guest'],
      ...['test', 'test123', 'demo', 'default', 'example', 'placeholder', 'todo', 'xxx', 'xxxx', 'none', 'null'],
      ...[
        'techplus',
        'techplus123',
        '123456',
        '12345678',
        '123456789',
        '1234',
        '12345',
        'qwerty',
        'letmein',
        'welcome',
      ],
    ],
    // With one more that nobody has, which finds a server that asks for none: under the five refusals after which
    // fail2ban, as it is delivered, shuts an address out.
    postgres: [
      { user: 'postgres', password: 'postgres' },
      { user: 'postgres', password: 'password' },
      { user: 'techplus', password: 'techplus' },
    ],
    // `foobared` stands in the configuration that Redis is delivered with.
    redis: [
      { user: 'default', password: 'foobared' },
      { user: 'default', password: 'redis' },
      { user: 'default', password: 'password' },
    ],
  },
  postgres: {
    roles: {
      postgres: { powers: [...powers], reason: 'the owner of the cluster, which cannot be without one' },
    },
  },
  redis: {
    users: {},
    dangerous: [
      ...['flushall', 'flushdb', 'config', 'shutdown', 'debug', 'acl', 'module', 'replicaof', 'slaveof', 'monitor'],
      ...['keys', 'migrate', 'failover', 'cluster', 'swapdb'],
    ],
  },
}
