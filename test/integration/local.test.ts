import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { assertRoom, freeBytes } from '../../compose/local/disk.ts'
import { locate } from '../../compose/local/find-program.ts'
import { endLeftovers } from '../../compose/local/leftovers.ts'
import { withLock } from '../../compose/local/lock.ts'
import { clearDrafts } from '../../compose/local/packages.ts'
import { assertPortsFree } from '../../compose/local/ports.ts'
import { startPostgres } from '../../compose/local/postgres.ts'
import { type Running, startProcess } from '../../compose/local/process.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import {
  startAlertmanager,
  startBlackboxExporter,
  startNodeExporter,
  startPrometheus,
  startRedis,
} from '../../compose/local/servers.ts'
import { ruleFaults } from '../../compose/watch.ts'
import { freePort } from './servers.ts'

const isRoot = process.getuid?.() === 0
const mayUnshare = spawnSync('unshare', ['--user', 'true']).status === 0
const folder = mkdtempSync(join(tmpdir(), 'local-'))
const running: Running[] = []

vi.setConfig({ testTimeout: 60_000 })
// The first run of a checkout fetches them.
const programs = await ensurePrograms([
  'redis-server',
  'prometheus',
  'alertmanager',
  'blackbox-exporter',
  'node-exporter',
])

beforeAll(() => chmodSync(folder, 0o755))
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const started = async <T extends Running>(start: Promise<T>) => {
  const server = await start
  running.push(server)
  return server
}

const message = (promise: Promise<unknown>) =>
  promise.then(
    () => 'nothing went wrong',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )

/** A zombie is gone: only its parent has not looked. */
const lives = (pid: number) => {
  const file = `/proc/${pid}/stat`
  return existsSync(file) && !/\) Z /.test(readFileSync(file, 'utf8'))
}

const gone = (...pids: readonly number[]) =>
  vi.waitFor(() => expect(pids.filter(lives)).toEqual([]), { timeout: 10_000, interval: 25 })

const query = async (url: string, text: string) => {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

const say = (port: number, command: string) =>
  new Promise<string>((resolve, reject) => {
    const socket = createConnection(port, '127.0.0.1').once('error', reject)
    socket.once('data', (data) => resolve(String(data).trim())).once('data', () => socket.destroy())
    socket.write(`${command}\r\n`)
  })

/** Runs a script as a parent of servers, and answers with the line it prints. */
const parent = async (name: string, script: string) => {
  const file = join(folder, `${name}.mts`)
  writeFileSync(file, script.replaceAll('LOCAL', new URL('../../compose/local', import.meta.url).pathname))
  const child = spawn(process.execPath, ['--import', 'tsx', file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const line = new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (data) => resolve(String(data).trim()))
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code} and printed nothing`)))
  })
  // Not every test asks for it.
  line.catch(() => undefined)
  return { child, line }
}

describe.each([17, 15] as const)('PostgreSQL %i', (major) => {
  const dataDir = join(folder, `postgres-${major}`)
  const start = async () => started(startPostgres({ major, dataDir, port: await freePort(), durable: false }))

  test('answers with what its collectors need, keeps its data over a restart, and leaves no process', async () => {
    const first = await start()
    await query(first.url, 'create extension pg_stat_statements; create table kept as select 1 as one')
    expect(
      await query(first.url, "select calls from pg_stat_statements where query ~ 'create table kept'"),
    ).toHaveLength(1)
    const [row] = await query(
      first.url,
      "select current_setting('server_version') v, current_setting('track_io_timing') io",
    )
    expect(row).toEqual({ v: expect.stringMatching(`^${major}\\.`), io: 'on' })
    const inner = await query(first.url, "select pid from pg_stat_activity where backend_type <> 'client backend'")
    const idle = new pg.Client(first.url)
    idle.on('error', () => undefined)
    await idle.connect()
    expect(await first.stop()).toMatchObject({ asked: true, code: 0 })
    await gone(first.pid, ...inner.map(({ pid }) => Number(pid)))
    const second = await start()
    expect(await query(second.url, 'select one from kept')).toEqual([{ one: 1 }])
    expect(readFileSync(second.log, 'utf8')).not.toContain('not properly shut down')
  })

  test('starts again on the folder a kill -9 left, once the backends that outlive it let go', async () => {
    const first = await start()
    const client = new pg.Client(first.url)
    client.on('error', () => undefined)
    await client.connect()
    // A backend that waits sees its server die; one that computes does not.
    const until = "clock_timestamp() + interval '500 ms'"
    const computes = client.query(
      `do $$ declare t timestamptz := ${until}; begin while clock_timestamp() < t loop end loop; end $$`,
    )
    computes.catch(() => undefined)
    await vi.waitFor(async () =>
      expect(
        await query(first.url, "select 1 from pg_stat_activity where query ~ '^do' and state = 'active'"),
      ).toHaveLength(1),
    )
    process.kill(first.pid, 'SIGKILL')
    expect(await first.exited).toMatchObject({ asked: false, signal: 'SIGKILL' })
    const second = await start()
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('starts again when the pid in its lock file has come round to another program', async () => {
    const first = await start()
    const lock = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8')
    await first.stop()
    // Of the server's own user: of another's PostgreSQL knows that it cannot be a server of this folder.
    const other = spawn('sleep', ['600'], isRoot ? { uid: 65534, gid: 65534 } : {})
    writeFileSync(join(dataDir, 'postmaster.pid'), lock.replace(/^\d+/, String(other.pid)))
    const second = await start().finally(() => other.kill())
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })
})

test.runIf(isRoot && mayUnshare)('PostgreSQL runs for root in a folder nobody else may enter', async () => {
  const hidden = mkdtempSync(join(folder, 'hidden-'))
  const dataDir = join(hidden, 'postgres')
  const start = async () => started(startPostgres({ dataDir, port: await freePort(), durable: false }))
  const first = await start()
  await first.stop()
  // The next start reaches the folder as another user, and has to hand over what the first one made.
  chmodSync(hidden, 0o755)
  const { url } = await start()
  expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('a PostgreSQL folder whose making was interrupted is made anew', async () => {
  const dataDir = join(folder, 'interrupted')
  const { child } = await parent(
    'interrupted',
    `import { startPostgres } from 'LOCAL/postgres.ts'
     await startPostgres({ dataDir: '${dataDir}', port: ${await freePort()}, durable: false })`,
  )
  const isUnderWay = () =>
    readdirSync(folder).some((name) => /^interrupted\.new-/.test(name) && existsSync(join(folder, name, 'PG_VERSION')))
  await vi.waitUntil(isUnderWay, { timeout: 20_000, interval: 1 })
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(existsSync(dataDir)).toBe(false)
  const { url } = await started(startPostgres({ dataDir, port: await freePort(), durable: false }))
  expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('Redis answers, with and without a password', async () => {
  const program = programs['redis-server']
  const open = await started(startRedis({ program, dataDir: join(folder, 'redis'), port: await freePort() }))
  expect(await say(Number(new URL(open.url).port), 'PING')).toBe('+PONG')
  const options = { program, dataDir: join(folder, 'locked redis'), port: await freePort(), maxmemory: '8mb' }
  const locked = await started(startRedis({ ...options, password: 'a "quoted" word' }))
  expect(await say(options.port, 'PING')).toMatch(/^-NOAUTH/)
  expect(decodeURIComponent(new URL(locked.url).password)).toBe('a "quoted" word')
  expect(await say(options.port, `AUTH "a \\"quoted\\" word"`)).toBe('+OK')
})

test('Prometheus, Alertmanager and the exporters become ready and serve', async () => {
  const config = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const [prometheus, alertmanager, blackbox, node] = await Promise.all(
    [
      startPrometheus({
        program: programs.prometheus,
        configFile: config('prometheus.yml', 'scrape_configs: []\n'),
        dataDir: join(folder, 'prometheus'),
        port: await freePort(),
        args: ['--storage.tsdb.retention.time=32d', '--web.external-url=https://ops.example/prometheus'],
      }),
      startAlertmanager({
        program: programs.alertmanager,
        configFile: config('alertmanager.yml', 'route: { receiver: none }\nreceivers: [{ name: none }]\n'),
        dataDir: join(folder, 'alertmanager'),
        port: await freePort(),
        args: ['--web.external-url=https://ops.example/alertmanager'],
      }),
      startBlackboxExporter({
        program: programs['blackbox-exporter'],
        configFile: config('blackbox.yml', 'modules: { http: { prober: http } }\n'),
        dataDir: join(folder, 'blackbox'),
        port: await freePort(),
      }),
      startNodeExporter({
        program: programs['node-exporter'],
        dataDir: join(folder, 'node'),
        port: await freePort(),
      }),
    ].map(started),
  )
  const text = async (server: { url: string } | undefined, path: string) =>
    (await fetch(`${server?.url}${path}`)).text()
  // At their roots, wherever others reach them.
  expect(JSON.parse(await text(prometheus, '/api/v1/status/flags'))).toMatchObject({
    data: { 'rules.alert.for-grace-period': '1s', 'storage.tsdb.retention.time': '32d' },
  })
  // Without a rule none fails, and nobody is told of anything.
  expect(await ruleFaults(prometheus?.url ?? '')).toEqual([`there is no rule at ${prometheus?.url}`])
  expect(JSON.parse(await text(alertmanager, '/api/v2/status'))).toMatchObject({ cluster: { status: 'disabled' } })
  expect(await text(blackbox, '/metrics')).toContain('blackbox_exporter_build_info')
  expect(await text(node, '/metrics')).toContain('node_cpu_seconds_total')
})

test('the kernel ends the servers of a parent that was killed, and a new start takes their folders', async () => {
  const program = programs['redis-server']
  const [postgres, redis] = [join(folder, 'orphans/postgres'), join(folder, 'orphans/redis')]
  const { child, line } = await parent(
    'orphans',
    `import { startPostgres } from 'LOCAL/postgres.ts'
     import { startRedis } from 'LOCAL/servers.ts'
     const program = ${JSON.stringify(program)}
     const servers = await Promise.all([
       startPostgres({ dataDir: '${postgres}', port: ${await freePort()}, durable: false }),
       startRedis({ program, dataDir: '${redis}', port: ${await freePort()} }),
     ])
     console.log(JSON.stringify(servers.map(({ pid }) => pid)))`,
  )
  const pids: number[] = JSON.parse(await line)
  expect(pids.filter(lives)).toHaveLength(2)
  child.kill('SIGKILL')
  await gone(...pids)
  await endLeftovers(join(folder, 'orphans'))
  const { url } = await started(startPostgres({ dataDir: postgres, port: await freePort(), durable: false }))
  expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
  await started(startRedis({ program, dataDir: redis, port: await freePort() }))
})

describe('what a killed parent left', () => {
  test('is ended at the next start', async () => {
    const home = join(folder, 'left/sleeper')
    mkdirSync(join(folder, 'left'))
    const { child, line } = await parent(
      'left',
      `import { spawn, spawnSync } from 'node:child_process'
       import { writePidFile } from 'LOCAL/leftovers.ts'
       const { pid } = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }).on('error', console.error)
       writePidFile('${home}.pid', { name: 'Sleeper', pid: pid ?? 0, signal: 'SIGTERM' })
       console.log(pid)`,
    )
    const pid = Number(await line)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(lives(pid)).toBe(true)
    const lines: string[] = []
    await endLeftovers(join(folder, 'left'), (text) => lines.push(text))
    expect(lives(pid)).toBe(false)
    expect(lines).toEqual([`Ending Sleeper (pid ${pid}), which a killed start left behind`])
    expect(existsSync(`${home}.pid`)).toBe(false)
  })

  test('is neither what a living parent runs nor a process whose pid came round again', async () => {
    const home = join(folder, 'kept/sleeper')
    const args = ['-e', 'console.log("up"); setInterval(() => {}, 1000)']
    const server = await started(startProcess({ name: 'Sleeper', home, command: process.execPath, args, ready: /up/ }))
    const text = `Sleeper (pid ${server.pid}) is run by process ${process.pid} already: stop that first`
    expect(await message(endLeftovers(join(folder, 'kept')))).toBe(text)
    const file = JSON.parse(readFileSync(`${home}.pid`, 'utf8'))
    writeFileSync(`${home}.pid`, JSON.stringify({ ...file, born: 'earlier', parent: { pid: 1, born: 'earlier' } }))
    await endLeftovers(join(folder, 'kept'))
    expect(lives(server.pid)).toBe(true)
  })

  test('is forgotten where its file does not tell whose it is, or that it was ever born', async () => {
    const home = join(folder, 'vague')
    mkdirSync(home)
    const dead = { name: 'Dead', pid: 4194999, signal: 'SIGTERM', parent: { pid: 4194998 } }
    const files = { dead, orphan: { name: 'Orphan', pid: process.pid, signal: 'SIGTERM' }, none: null }
    for (const [name, file] of Object.entries(files)) writeFileSync(join(home, `${name}.pid`), JSON.stringify(file))
    const lines: string[] = []
    await endLeftovers(home, (text) => lines.push(text))
    expect(lines).toEqual([])
    expect(readdirSync(home)).toEqual([])
  })
})

describe('a component', () => {
  const node = (name: string, script: string) => {
    const home = join(folder, 'node', name)
    return { name, home, command: process.execPath, args: ['-e', script], ready: /up/ }
  }

  test('that dies at once is reported with how it ended and its last lines', async () => {
    const text = await message(startProcess(node('Clumsy', 'console.error("no such table"); process.exit(3)')))
    expect(text).toContain('could not start Clumsy: Clumsy ended with exit code 3.')
    expect(text).toMatch(/The end of its log .*\/Clumsy\.log:\n(.*\n)* {2}no such table$/)
  })

  test.each(['ENOSPC: write failed', 'could not write to file: No space left on device'])(
    'whose disk is full is reported with the folder and what is free there (%s)',
    async (words) => {
      const text = await message(startProcess(node('Heavy', `throw new Error("${words}")`)))
      expect(text).toMatch(new RegExp(`The disk of ${join(folder, 'node/Heavy')} is full: \\d+ MB free`))
    },
  )

  test('that needs more room than there is, is refused with the folder and both numbers', () => {
    const place = join(folder, 'not/there/yet')
    expect(() => assertRoom(place, freeBytes(folder) * 2, 'PostgreSQL')).toThrow(
      /^PostgreSQL needs \d+ MB in .+not\/there\/yet, whose disk has \d+ MB free$/,
    )
    assertRoom(place, 1, 'PostgreSQL')
  })

  test('that cannot be found is reported by name', async () => {
    const text = await message(startProcess({ ...node('Absent', ''), command: '/nowhere/absent' }))
    expect(text).toContain('could not start Absent')
  })

  test('that is not ready in time is reported and ended', async () => {
    const slow = node('Slow', 'console.log(process.pid); setInterval(() => {}, 1000)')
    const text = await message(startProcess({ ...slow, readyWithin: 500 }))
    expect(text).toContain('Slow was not ready within 0.5 s.')
    await gone(Number(readFileSync(`${slow.home}.log`, 'utf8')))
  })

  test('that an abort overtakes is ended', async () => {
    const abort = new AbortController()
    const late = node('Late', 'console.log(process.pid); setInterval(() => {}, 1000)')
    const start = startProcess({ ...late, signal: abort.signal })
    await vi.waitUntil(() => existsSync(`${late.home}.log`) && readFileSync(`${late.home}.log`, 'utf8') !== '')
    abort.abort(new Error('stopped by hand'))
    expect(await message(start)).toBe('stopped by hand')
    await gone(Number(readFileSync(`${late.home}.log`, 'utf8')))
  })

  test('that ignores the signal is killed after its grace, with the children it has', async () => {
    const deaf = node(
      'Deaf',
      `const { pid } = require('node:child_process').spawn('sleep', ['600'])
       process.on('SIGTERM', () => console.log('no'))
       setInterval(() => {}, 1000)
       console.log('up', pid)`,
    )
    const server = await startProcess({ ...deaf, grace: 200 })
    const inner = Number(readFileSync(server.log, 'utf8').match(/up (\d+)/)?.[1])
    const [exit, again] = await Promise.all([server.stop(), server.stop()])
    expect(exit).toMatchObject({ asked: true, signal: 'SIGKILL' })
    expect(again).toBe(exit)
    await gone(server.pid, inner)
    expect(existsSync(`${deaf.home}.pid`)).toBe(false)
  })

  test("does not hear the terminal's Ctrl-C, which goes to our process group", async () => {
    const server = await started(startProcess(node('Apart', 'console.log("up"); setInterval(() => {}, 1000)')))
    const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    expect(fields.slice(1, 3)).toEqual([String(process.pid), String(server.pid)])
  })

  test('keeps the log of its last run beside that of this one', async () => {
    const twice = node('Twice', 'console.log("up", process.pid); setInterval(() => {}, 1000)')
    const first = await startProcess(twice)
    await first.stop()
    const second = await started(startProcess(twice))
    expect(readFileSync(`${second.log}.1`, 'utf8')).toContain(`up ${first.pid}\n`)
    expect(readFileSync(second.log, 'utf8').match(/up \d+/g)).toEqual([`up ${second.pid}`])
  })
})

test('every port in use is reported at once: by name, with its holder and what moves it', async () => {
  const [taken, free] = [createServer(), await freePort()]
  taken.listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const address = taken.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const text = await message(
    assertPortsFree([
      { port, name: 'Prometheus', variable: 'PROMETHEUS_PORT' },
      { port: free, name: 'Grafana', variable: 'GRAFANA_PORT' },
      { port: free, name: 'the demo API', variable: 'API_PORT' },
    ]),
  )
  taken.close()
  const [first = '', ...rest] = text.split('\n')
  expect(first.replace(/by .+ \(/, 'by X (')).toBe(
    `port ${port} (Prometheus) is in use by X (pid ${process.pid}): stop it, or set PROMETHEUS_PORT`,
  )
  expect(rest).toEqual([`port ${free} is wanted by Grafana and the demo API: set GRAFANA_PORT or API_PORT`])
  await assertPortsFree([{ port: free, name: 'Grafana', variable: 'GRAFANA_PORT' }])
})

test('a program counts as there only when it answers with a version that will do', async () => {
  const [own, none] = [mkdtempSync(join(folder, 'bin-')), mkdtempSync(join(folder, 'none-'))]
  const put = (name: string, text: string) => writeFileSync(join(own, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  put('good-tool', 'echo good-tool, version 1.2.3')
  put('bad-tool', 'echo bad-tool, version 1.2.3; exit 127')
  const find = (binary: string, version?: string) =>
    locate({ binaries: [binary], packages: [], ...(version && { version }) }, own, none)
  expect(await find('good-tool')).toMatchObject({ path: join(own, 'good-tool'), version: '1.2.3' })
  expect(await find('good-tool', '2.')).toBeUndefined()
  expect(await find('bad-tool')).toBeUndefined()
  expect(await find('no-tool')).toBeUndefined()
})

test('what a fetch left is removed only when nobody can be filling it any more', () => {
  const place = mkdtempSync(join(folder, 'drafts-'))
  for (const name of ['.fetch-new', '.fetch-old', 'packages-old']) mkdirSync(join(place, name))
  const twoHoursAgo = Date.now() / 1000 - 7200
  for (const name of ['.fetch-old', 'packages-old']) utimesSync(join(place, name), twoHoursAgo, twoHoursAgo)
  clearDrafts(place)
  expect(readdirSync(place).sort()).toEqual(['.fetch-new', 'packages-old'])
})

test('a lock admits one at a time, and that of a dead owner is taken over', async () => {
  const path = join(folder, 'some.lock')
  writeFileSync(path, '4194999')
  const steps: string[] = []
  const work = (name: string) =>
    withLock(path, async () => {
      steps.push(`${name} in`)
      await new Promise((resolve) => setImmediate(resolve))
      steps.push(`${name} out`)
    })
  await Promise.all([work('a'), work('b')])
  expect(steps).toEqual(['a in', 'a out', 'b in', 'b out'])
  expect(existsSync(path)).toBe(false)
})
