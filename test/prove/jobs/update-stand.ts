import { execFile, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { Client } from 'pg'
import { z } from 'zod'
import type { Program } from '../../../compose/local/find-program.ts'
import { startPostgres } from '../../../compose/local/postgres.ts'
import { ensurePrograms } from '../../../compose/local/programs.ts'
import type { UpdateSettings } from '../../../config/update.ts'
import { updateSettings } from '../../../config/update.ts'
import { Refused } from '../../../jobs/job.ts'
import { runJob } from '../../../jobs/runner.ts'
import { eventually, freePort, portOf } from '../../integration/servers.ts'
import type { Shop } from './case.ts'
import { developers, type Release } from './update-api.ts'
import { jobOf, type Task } from './update-job.ts'

const run = promisify(execFile)
const bin = fileURLToPath(new URL('../../../node_modules/.bin/', import.meta.url))
const child = fileURLToPath(new URL('update-child.ts', import.meta.url))

const told = z.object({ version: z.string().optional(), pid: z.number().optional() })
const reservation = z.object({ id: z.number() })
interface Health extends z.infer<typeof told> {
  readonly status: number
}

const connected = async (url: string) => {
  const client = new Client(url)
  // A server that is ended takes its connections with it.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** Programs with what they need around them, in one folder, as POSTGRES_BIN is to name one. */
const wrapped = (folder: string, programs: Readonly<Record<string, Program>>): string => {
  mkdirSync(folder, { recursive: true })
  for (const [name, { path, env, wrap }] of Object.entries(programs)) {
    const set = Object.entries(env).map(([variable, value]) => `export ${variable}='${value}'`)
    writeFileSync(join(folder, name), ['#!/bin/sh', ...set, `exec ${[...wrap, path].join(' ')} "$@"`].join('\n'), {
      mode: 0o755,
    })
  }
  return folder
}

/**
 * A server with the API on it: a checkout of a repository, PM2, PostgreSQL, and somebody who books all the time.
 * Call `end` of it before the workshop's.
 * @param place where the checkout is, if that is to be elsewhere
 */
export const updateStand = async (shop: Shop, first: Release = { version: '1.0.0' }, place?: string) => {
  const folder = join(shop.folder, `update-${shop.folder.length}`)
  mkdirSync(folder, { recursive: true })
  const [postgres, port, programs] = await Promise.all([
    shop.postgres(),
    freePort(),
    ensurePrograms(['pg_dump-17', 'pg_restore-17']),
  ])
  const admin = await connected(postgres.url)
  await admin.query('create database techplus')
  const database = Object.assign(new URL(postgres.url), { pathname: '/techplus' }).href
  let client = await connected(database)
  const identity = await generateX25519Identity()
  const origin = developers(folder)
  const commit = origin.push(first)
  const app = origin.clone(join(place ?? folder, 'app'))
  const home = join(folder, 'pm2')
  const path = `${bin}:${process.env.PATH}`
  const pm2 = async (...args: readonly string[]) =>
    (
      await run(join(bin, 'pm2'), args, {
        cwd: app,
        env: { ...process.env, PATH: path, PM2_HOME: home, PORT: String(port), DATABASE_URL: database },
      })
    ).stdout
  execFileSync('npm', ['ci', '--omit=dev', '--no-audit'], { cwd: app, stdio: 'ignore' })
  execFileSync('npm', ['run', 'db:migrate'], {
    cwd: app,
    stdio: 'ignore',
    env: { ...process.env, DATABASE_URL: database },
  })
  await pm2('start', 'server.mjs', '--name', 'techplus-backend', '--silent')
  const url = `http://127.0.0.1:${port}`
  const health = async (): Promise<Health> => {
    try {
      const answer = await fetch(`${url}/health`)
      return { ...told.parse(await answer.json()), status: answer.status }
    } catch {
      return { status: 0 }
    }
  }
  await eventually(health, ({ status }) => status === 200)
  const env = {
    JOBS_DIR: join(folder, 'jobs'),
    BACKUP_DIR: join(folder, 'backups'),
    BACKUP_RECIPIENT: await identityToRecipient(identity),
    JOBS_DATABASE_URL: database,
    POSTGRES_BIN: wrapped(join(folder, 'bin'), {
      pg_dump: programs['pg_dump-17'],
      pg_restore: programs['pg_restore-17'],
    }),
    API_URL: url,
    API_DIR: app,
  }
  const task = (settings: Partial<UpdateSettings> = {}, saved: Task['saved'] = 'not at all'): Task => ({
    saved,
    env,
    settings: { ...updateSettings, ...settings },
    process: 'techplus-backend',
    home,
  })
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: app, encoding: 'utf8' }).trim()
  const columns = async () =>
    (
      await client.query(
        `select attname from pg_attribute where attrelid = 'reservations'::regclass and attnum > 0 and not attisdropped order by attnum`,
      )
    ).rows.map(({ attname }) => String(attname))
  return {
    ...{ folder, origin, app, commit, env, url, pm2, git, health, columns, task, postgres },
    get client() {
      return client
    },
    /** The same database, on a server that is started anew. */
    again: async () => {
      const dataDir = postgres.log.replace(/\.log$/, '')
      shop.keep(await startPostgres({ dataDir, port: portOf(postgres.url), durable: false }))
      client = await connected(database)
    },
    /** How far the update is, as its state file says; undefined where there is none. */
    step: (): string | undefined => {
      try {
        return JSON.parse(readFileSync(join(env.JOBS_DIR, 'update', 'state.json'), 'utf8')).step
      } catch {
        return undefined
      }
    },
    /** One run of the job in this process. @returns its record, and what it said */
    run: async (settings?: Partial<UpdateSettings>, saved?: Task['saved']) => {
      const said: string[] = []
      const record = await runJob(jobOf(task(settings, saved)), {
        folder: env.JOBS_DIR,
        signal: new AbortController().signal,
        tell: (words) => said.push(words),
      })
      return { ...record, said: said.join('\n') }
    },
    /** What it would do, or what is wrong. */
    plan: async (settings?: Partial<UpdateSettings>, more: Readonly<Record<string, string>> = {}) => {
      const given = task(settings)
      try {
        return (await jobOf({ ...given, env: { ...env, ...more } }).plan(new AbortController().signal)).steps.join('\n')
      } catch (cause) {
        if (cause instanceof Refused) return cause.faults.join('\n')
        throw cause
      }
    },
    /** One run of the job, in a process of its own that can be killed. */
    start: (settings?: Partial<UpdateSettings>, saved?: Task['saved']) => {
      const given = { ...process.env, PATH: path }
      const own = spawn(process.execPath, ['--import', 'tsx', child, JSON.stringify(task(settings, saved))], {
        env: given,
      })
      let said = ''
      own.stdout.on('data', (chunk) => {
        said += chunk
      })
      own.stderr.on('data', (chunk) => {
        said += chunk
      })
      const ended = new Promise<number | null>((resolve) => own.once('close', resolve))
      // What it has started keeps its pipes: it is gone all the same.
      const exited = new Promise<void>((resolve) => own.once('exit', () => resolve()))
      return {
        pid: own.pid ?? 0,
        said: () => said,
        ended,
        kill: async () => {
          own.kill('SIGKILL')
          await exited
        },
      }
    },
    /** Books again and again until it is told to stop. @returns the numbers of those that were confirmed */
    guests: () => {
      const [booked, controller]: [number[], AbortController] = [[], new AbortController()]
      const going = (async () => {
        while (!controller.signal.aborted) {
          try {
            const answer = await fetch(`${url}/reservations`, { method: 'POST', signal: AbortSignal.timeout(5_000) })
            if (answer.status === 201) booked.push(reservation.parse(await answer.json()).id)
          } catch {
            // The API is being restarted: the guest was told of no reservation.
          }
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
      })()
      return {
        stop: async () => {
          controller.abort()
          await going
          const { rows } = await client.query('select id from reservations')
          const there = new Set(rows.map(({ id }) => Number(id)))
          return { booked: booked.length, lost: booked.filter((id) => !there.has(id)).length }
        },
      }
    },
    end: async () => {
      await pm2('kill')
      await client.end()
      await admin.end()
    },
  }
}

export type UpdateStand = Awaited<ReturnType<typeof updateStand>>
