import { chmodSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Client } from 'pg'
import { postgresMajors } from '../../compose/local/postgres-package.ts'

/** Folders whose content belongs to a running server, and files that do: PostgreSQL's documentation of backups, 25.3.4. */
const leftEmpty = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
])
const leftOut = /^(postmaster\.(pid|opts)|pg_internal\.init.*|pgsql_tmp.*)$/

const isGone = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT'

/** Of a server that goes on writing: what vanishes meanwhile is made again from the write-ahead log. */
const copyFolder = (from: string, to: string, depth = 0) => {
  mkdirSync(to, { mode: 0o700 })
  for (const entry of readdirSync(from, { withFileTypes: true }).filter(({ name }) => !leftOut.test(name))) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    try {
      if (entry.isFile()) copyFileSync(source, target)
      else if (entry.isDirectory() && depth === 0 && leftEmpty.has(entry.name)) mkdirSync(target, { mode: 0o700 })
      else if (entry.isDirectory()) copyFolder(source, target, depth + 1)
      else throw new Error(`could not copy ${source}: a table space is not provided for`)
    } catch (error) {
      if (!isGone(error)) throw error
    }
  }
}

const withClient = async <T>(url: string, work: (client: Client) => Promise<T>) => {
  const client = new Client(url)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Whether the primary says that this standby has caught up with it. */
const streams = (url: string, name: string) =>
  withClient(url, async (client) => {
    const { rows } = await client.query('select state from pg_stat_replication where application_name = $1', [name])
    return rows[0]?.state === 'streaming'
  })

/** The two ends of a base backup; 15 renamed them. Both have to be called by one session. */
const calls = (major: number) =>
  major >= 15
    ? { start: 'select pg_backup_start($1, true)', stop: 'select * from pg_backup_stop(false)' }
    : { start: 'select pg_start_backup($1, true, false)', stop: 'select * from pg_stop_backup(false, false)' }

const takeBackup = async (client: Client, major: number, name: string, dataDir: string) => {
  const { rows } = await client.query('show data_directory')
  const { start, stop } = calls(major)
  await client.query(start, [name])
  copyFolder(rows[0].data_directory, dataDir)
  const { rows: ends } = await client.query(stop)
  writeFileSync(join(dataDir, 'backup_label'), ends[0].labelfile, { mode: 0o600 })
}

/** In libpq's words. Given by file: a flag would show the password to every user of the machine. */
const streamFrom = (url: string, name: string, dataDir: string) => {
  const { hostname, port, username, password } = new URL(url)
  const words = { host: hostname, port, user: username, password: decodeURIComponent(password), application_name: name }
  const conninfo = Object.entries(words).map(([key, value]) => `${key}=${value}`)
  const lines = [`primary_conninfo = '${conninfo.join(' ')}'`, `primary_slot_name = '${name}'`]
  writeFileSync(join(dataDir, 'postgresql.auto.conf'), `${lines.join('\n')}\n`, { mode: 0o600 })
  writeFileSync(join(dataDir, 'standby.signal'), '')
  // The roles come with the data.
  writeFileSync(`${dataDir}.password`, `${decodeURIComponent(password)}\n`, { mode: 0o600 })
  chmodSync(dataDir, 0o700)
}

/**
 * Takes a base backup of a running server of this machine, through PostgreSQL's own functions (there is no
 * pg_basebackup in what npm has), and makes a standby of it that streams from a replication slot. `settings` are those
 * the primary was started with: a standby refuses to have less room than its primary.
 */
export const backUp = (url: string, dataDir: string) =>
  withClient(url, async (client) => {
    const { rows: versions } = await client.query('show server_version_num')
    const number = Number(versions[0].server_version_num)
    const major = postgresMajors.find((known) => known === Math.floor(number / 10_000))
    if (major === undefined)
      throw new Error(`could not start a standby of PostgreSQL ${number}: no such server is here`)
    const { rows: settings } = await client.query(
      `select name, setting from pg_settings
       where source = 'command line' and context <> 'internal' and name not in ('port', 'data_directory', 'config_file')`,
    )
    const name = basename(dataDir).replaceAll('-', '_')
    await client.query('select pg_create_physical_replication_slot($1, true)', [name])
    await takeBackup(client, major, name, dataDir)
    streamFrom(url, name, dataDir)
    return {
      major,
      settings: Object.fromEntries(settings.map(({ name, setting }) => [name, setting])),
      streams: () => streams(url, name),
    }
  })
