import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** A version of the API, as its developers push it. */
export interface Release {
  readonly version: string
  /** Whether /health says that it is healthy. */
  readonly healthy?: boolean
  /** Tells another version than its own. */
  readonly tells?: string
  /** Milliseconds before it listens, and before it answers to its installation. */
  readonly startMs?: number
  readonly installMs?: number
  /** Ends the installation with a failure. */
  readonly installs?: boolean
  /** Adds this column to the reservations. */
  readonly column?: string
  /** Seconds that its migration takes, before it adds the column, and its way back, before that removes it. */
  readonly migrateSeconds?: number
  readonly rollbackSeconds?: number
  /** `none`: package.json has no script for it. `fails`: it has, and it ends with a failure. */
  readonly rollback?: 'works' | 'fails' | 'none'
  /** Ends its migration with a failure, behind its change where `within` is false: no transaction takes it back. */
  readonly migrationFails?: 'before' | 'behind'
  /** Files that it adds. */
  readonly files?: Readonly<Record<string, string>>
}

const pg = createRequire(import.meta.url).resolve('pg')

const server = `
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import pg from ${JSON.stringify(pg)}
import { greeting } from 'greeting'

const release = JSON.parse(readFileSync(new URL('release.json', import.meta.url), 'utf8'))
// What was installed has to fit what is run.
const installed = readFileSync(new URL('node_modules/.installed', import.meta.url), 'utf8')
if (installed !== release.version) throw new Error('packages of ' + installed + ', code of ' + release.version)
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 4 })
pool.on('error', () => undefined)
const columns = ['id', 'guest', ...release.columns].join(', ')
const answers = {
  'GET /health': async () => {
    if (release.healthy === false) return [503, { status: 'unhealthy' }]
    await pool.query('select ' + columns + ' from reservations limit 1')
    return [200, { status: 'healthy', version: release.tells ?? release.version, pid: process.pid, greeting }]
  },
  'POST /reservations': async () => {
    const { rows } = await pool.query('insert into reservations (guest) values ($1) returning id', ['somebody'])
    return [201, rows[0]]
  },
}
const api = createServer(async (request, response) => {
  const [status, body] = await (answers[request.method + ' ' + request.url] ?? (async () => [404, {}]))().catch((error) => [500, { error: error.message }])
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
})
setTimeout(() => api.listen(Number(process.env.PORT), '127.0.0.1'), release.startMs ?? 0)
// What was taken is answered first.
process.on('SIGINT', () => { api.close(() => process.exit(0)); api.closeIdleConnections() })
`

const install = `
import { readFileSync, writeFileSync, mkdirSync } from 'node:fs'
const { version, installMs = 0, installs = true } = JSON.parse(readFileSync('release.json', 'utf8'))
await new Promise((resolve) => setTimeout(resolve, installMs))
if (!installs) { console.error('no compiler, says guest@example.com'); process.exit(3) }
mkdirSync('node_modules', { recursive: true })
writeFileSync('node_modules/.installed', version)
`

/** As migration tools do it: files in their order, each in a transaction, and a table of those that were applied. */
const migrate = `
import { readdirSync, readFileSync } from 'node:fs'
import pg from ${JSON.stringify(pg)}
const way = process.argv[2]
const client = new pg.Client(process.env.DATABASE_URL)
await client.connect()
await client.query('create table if not exists schema_migrations (name text primary key)')
await client.query('select pg_advisory_lock(1)')
const applied = (await client.query('select name from schema_migrations order by name')).rows.map(({ name }) => name)
const all = readdirSync('migrations').filter((name) => name.endsWith('.up.sql')).map((name) => name.replace('.up.sql', '')).sort()
const due = way === 'up' ? all.filter((name) => !applied.includes(name)) : applied.slice(-1)
for (const name of due) {
  const sql = readFileSync('migrations/' + name + '.' + way + '.sql', 'utf8')
  const own = sql.startsWith('-- no transaction')
  if (!own) await client.query('begin')
  for (const statement of sql.split(';')) if (statement.trim()) await client.query(statement)
  await client.query(way === 'up' ? 'insert into schema_migrations values ($1)' : 'delete from schema_migrations where name = $1', [name])
  if (!own) await client.query('commit')
}
await client.end()
`

const migrationOf = ({
  version,
  column,
  migrateSeconds = 0,
  rollbackSeconds = 0,
  migrationFails,
  rollback,
}: Release) => {
  const failing = 'select 1 / 0 as "guest@example.com"'
  const change = [`select pg_sleep(${migrateSeconds})`, `alter table reservations add ${column} text`]
  const up = {
    undefined: change.join(';\n'),
    before: [failing, ...change].join(';\n'),
    behind: ['-- no transaction', ...change, failing].join(';\n').replace('transaction;', 'transaction'),
  }[migrationFails ?? 'undefined']
  const back = [`select pg_sleep(${rollbackSeconds})`, `alter table reservations drop ${column}`]
  return {
    [`migrations/${version}.up.sql`]: up,
    [`migrations/${version}.down.sql`]: (rollback === 'fails' ? [failing] : back).join(';\n'),
  }
}

/** The folder of the developers, and the repository that they push to. */
export const developers = (folder: string) => {
  const [work, bare] = [join(folder, 'developers'), join(folder, 'origin.git')]
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=dev', '-c', 'user.email=dev@example.com', ...args], {
      cwd: work,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim()
  mkdirSync(work, { recursive: true })
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', bare])
  git('init', '--quiet', '--initial-branch=main')
  git('remote', 'add', 'origin', bare)
  const columns: string[] = []
  let locked = false
  const write = (path: string, text: string) => {
    mkdirSync(join(work, path, '..'), { recursive: true })
    writeFileSync(join(work, path), text)
  }
  return {
    folder: work,
    bare,
    git,
    /** @returns its commit */
    push: (release: Release): string => {
      const { version, column, rollback = 'works', files = {}, migrationFails } = release
      // One whose migration fails at once never has its column.
      if (column !== undefined && migrationFails === undefined) columns.push(column)
      const scripts = {
        postinstall: 'node install.mjs',
        'db:migrate': 'node migrate.mjs up',
        ...(rollback !== 'none' && { 'db:rollback': 'node migrate.mjs down' }),
      }
      const manifest = {
        name: 'techplus-backend',
        version,
        private: true,
        type: 'module',
        scripts,
        dependencies: { greeting: 'file:greeting' },
      }
      const written = {
        'package.json': JSON.stringify(manifest, undefined, 2),
        'release.json': JSON.stringify({ ...release, columns }, undefined, 2),
        'greeting/package.json': JSON.stringify({
          name: 'greeting',
          version: '1.0.0',
          type: 'module',
          exports: './index.js',
        }),
        'greeting/index.js': `export const greeting = 'hello'\n`,
        'server.mjs': server,
        'install.mjs': install,
        'migrate.mjs': migrate,
        'migrations/0.0.0.up.sql': 'create table reservations (id serial primary key, guest text not null)',
        'migrations/0.0.0.down.sql': 'drop table reservations',
        '.gitignore': 'node_modules\n',
        ...(column === undefined ? {} : migrationOf(release)),
        ...files,
      }
      for (const [path, text] of Object.entries(written)) write(path, text)
      if (!locked)
        execFileSync('npm', ['install', '--package-lock-only', '--ignore-scripts', '--no-audit'], {
          cwd: work,
          stdio: 'ignore',
        })
      else {
        const lock = JSON.parse(git('show', 'HEAD:package-lock.json'))
        write(
          'package-lock.json',
          JSON.stringify({ ...lock, version, packages: { ...lock.packages, '': { ...lock.packages[''], version } } }),
        )
      }
      locked = true
      git('add', '--all')
      git('commit', '--quiet', '--message', version)
      git('push', '--quiet', 'origin', 'main')
      return git('rev-parse', 'HEAD')
    },
    /** Of the checkout on the server. */
    clone: (path: string) => {
      rmSync(path, { recursive: true, force: true })
      execFileSync('git', ['clone', '--quiet', bare, path])
      cpSync(join(path, 'package.json'), join(path, '.git', 'package.json.first'))
      return path
    },
  }
}
