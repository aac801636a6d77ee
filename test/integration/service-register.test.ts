import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, describe, expect, test } from 'vitest'
import { workshop } from './servers.ts'

const shop = workshop()
/** Takes the metrics port: whoever asks for it has to say that it cannot have it. */
const taken = createServer().listen(0, '127.0.0.1')
afterAll(async () => {
  taken.close()
  await shop.end()
})

// As JavaScript, which worker threads and --input-type can load, and at once.
const root = fileURLToPath(new URL('../..', import.meta.url))
symlinkSync(join(root, 'node_modules'), join(shop.folder, 'node_modules'))
await build({
  entryPoints: ['register', 'index'].map((name) => join(root, `exporters/service/${name}.ts`)),
  outdir: join(shop.folder, 'built'),
  outExtension: { '.js': '.mjs' },
  ...({ bundle: true, splitting: true, format: 'esm', platform: 'node', packages: 'external' } as const),
})
const [register, service] = ['register', 'index'].map((name) => join(shop.folder, 'built', `${name}.mjs`))

let programs = 0
/** What becomes of a program that knows nothing of its instrumentation, in a folder of its own. */
const run = async (program: string, env: Readonly<Record<string, string>> = {}, kind = 'module') => {
  programs += 1
  const cwd = join(shop.folder, String(programs))
  mkdirSync(cwd)
  const { port } = taken.address() as AddressInfo
  const running = spawn(process.execPath, ['--import', String(register), `--input-type=${kind}`, '-e', program], {
    cwd,
    env: { PATH: process.env.PATH, NODE_ENV: 'production', METRICS_PORT: String(port), ...env },
  })
  let [output, complaints] = ['', '']
  running.stdout.on('data', (part) => {
    output += part
  })
  running.stderr.on('data', (part) => {
    complaints += part
  })
  const code = await new Promise<number | null>((resolve) => running.once('close', resolve))
  const log = join(cwd, 'logs/combined.log')
  const lines = (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []).map((line) => JSON.parse(line))
  return { code, output, complaints, left: readdirSync(cwd), messages: lines.map(({ message }) => String(message)) }
}

describe('a process that is instrumented by --import', () => {
  test('is left as it is where it serves nothing', async () => {
    expect(await run('console.log(1)')).toEqual({ code: 0, output: '1\n', complaints: '', left: [], messages: [] })
  })

  test('has its port and its log as soon as it serves', async () => {
    const program = "require('node:http').createServer().listen(0, () => setTimeout(process.exit, 100))"
    const { code, messages } = await run(program, { SERVICE_ROUTES: '/rooms' }, 'commonjs')
    expect(code).toBe(0)
    expect(messages).toEqual([expect.stringContaining('metrics server failed')])
  })

  test('learns what happens to its worker threads', async () => {
    const { code, output, left } = await run(
      `import { Worker } from 'node:worker_threads'
      const worker = new Worker('throw new Error("in the worker")', { eval: true })
      worker.once('error', ({ message }) => console.log(message)).once('exit', (code) => console.log(code))`,
    )
    expect({ code, output, left }).toEqual({ code: 0, output: 'in the worker\n1\n', left: [] })
  })

  test('may have one whose Fastify is another, and says so once', async () => {
    const { code, output, messages } = await run(
      `import { channel } from 'node:diagnostics_channel'
      import { createServer } from 'node:http'
      const fastify = { version: '4.29.1', register: () => console.log('registered') }
      for (const _ of [1, 2]) channel('fastify.initialization').publish({ fastify })
      createServer().listen(0, () => process.exit())`,
    )
    expect({ code, output }).toEqual({ code: 0, output: '' })
    expect(messages.filter((one) => one.includes('Fastify 4.29.1'))).toHaveLength(1)
  })

  test('goes on without files where it cannot write them, and says so', async () => {
    const file = join(shop.folder, 'a-file')
    writeFileSync(file, '')
    const program = `import { createService } from ${JSON.stringify(service)}
      createService().log.info('lost')
      console.log('goes on')`
    const { code, output, complaints } = await run(program, { LOG_DIR: join(file, 'logs') })
    expect({ code, output }).toEqual({ code: 0, output: 'goes on\n' })
    expect(complaints).toMatch(/^log: could not write logs, and goes on without files: ENOTDIR.* by LOG_DIR\n$/)
  })

  test('logs nothing where it is to be silent', async () => {
    const program = `import { createService } from ${JSON.stringify(service)}
      createService().log.error('a secret')`
    expect(await run(program, { LOG_LEVEL: 'silent', NODE_ENV: 'test' })).toMatchObject({
      code: 0,
      output: '',
      left: [],
    })
  })
})

describe('what nobody caught, in a process that is instrumented by --import', () => {
  const rejects = "void Promise.reject(new Error('nobody handles it')); setTimeout(() => console.log('goes on'), 50)"
  const throws =
    "setTimeout(() => console.log('goes on'), 50); setImmediate(() => { throw new Error('token=hunter2') })"
  const listens = (event: string) => `process.on('${event}', (what) => console.log(what.message));`

  test('is said, without secrets, where people look for it, and ends the process', async () => {
    const { code, output, complaints, messages } = await run(throws)
    expect({ code, messages }).toEqual({ code: 1, messages: ['Uncaught Exception'] })
    expect(output).not.toContain('hunter2')
    expect(complaints).toMatch(/^Error: token=\[\w+\]\n {4}at /)
  })

  test('is said also where the service cannot start', async () => {
    const program = `import { createService } from ${JSON.stringify(service)}; createService({ checks: { database: 1 } })`
    const { code, complaints } = await run(program)
    expect(code).toBe(1)
    expect(complaints).toContain('checks.database: is no check')
  })

  test('ends it, where it is a rejection, as Node does', async () => {
    const { code, complaints, messages } = await run(rejects)
    expect({ code, messages }).toEqual({ code: 1, messages: ['Unhandled Rejection'] })
    expect(complaints).toMatch(/^Error: nobody handles it\n {4}at /)
  })

  test.each([
    ['the handbook is followed', '', { SERVICE_EXIT_ON_REJECTION: 'false' }],
    ['the application listens itself', listens('unhandledRejection'), {}],
    ['the application catches everything', listens('uncaughtException'), {}],
  ])('lets it go on, where it is a rejection and %s', async (_when, before, env) => {
    const { code, output, complaints, messages } = await run(before + rejects, env)
    expect({ code, complaints, messages }).toEqual({ code: 0, complaints: '', messages: ['Unhandled Rejection'] })
    expect(output).toBe(before === '' ? 'goes on\n' : 'nobody handles it\ngoes on\n')
  })

  test('is for the application to judge where it listens', async () => {
    const { code, output, messages } = await run(listens('uncaughtException') + throws)
    expect({ code, messages }).toEqual({ code: 0, messages: ['Uncaught Exception'] })
    expect(output).toBe('token=hunter2\ngoes on\n')
  })

  test('is left to Node where it is to be', async () => {
    const { code, complaints, left } = await run(throws, { SERVICE_ERRORS: 'off' })
    expect({ code, left }).toEqual({ code: 1, left: [] })
    expect(complaints).toContain('Node.js v')
  })
})
