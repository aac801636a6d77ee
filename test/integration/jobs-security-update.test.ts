import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readEnv } from '../../config/env.ts'
import { securityUpdateSettings } from '../../config/update.ts'
import { Refused } from '../../jobs/job.ts'
import { findProgram } from '../../jobs/program.ts'
import type { Driver } from '../../jobs/restart/driver.ts'
import { runJob } from '../../jobs/runner.ts'
import { securityUpdateJob } from '../../jobs/security-update/index.ts'
import { fixedLock } from '../../jobs/security-update/packages.ts'
import { pendingUpdates } from '../../jobs/security-update/pending.ts'
import { npmRegistry } from './npm-registry.ts'
import { freePort, workshop } from './servers.ts'

const shop = workshop()
const { signal } = new AbortController()
const app = join(shop.folder, 'app')
const jobsFolder = join(shop.folder, 'jobs')
const settings = { ...securityUpdateSettings, system: 'none', minutes: { system: 1, npm: 2, healthy: 0.5 } } as const
let registry: Awaited<ReturnType<typeof npmRegistry>>
let port = 0

beforeAll(async () => {
  port = await freePort()
  registry = await npmRegistry({
    folder: join(shop.folder, 'registry'),
    port: await freePort(),
    packages: {
      leaky: { '1.0.0': "module.exports = 'leaky'", '1.0.1': "module.exports = 'tight'" },
      // What mends it breaks whoever uses it.
      grumpy: { '1.0.0': "module.exports = 'grumpy'", '1.0.1': "throw new Error('no')" },
      lodash: { '4.17.4': '', '4.17.21': '' },
    },
    vulnerable: { leaky: '<1.0.1', grumpy: '<1.0.1', lodash: '<4.17.21' },
  })
})
afterAll(async () => {
  running?.kill('SIGKILL')
  await registry.end()
  await shop.end()
})

// Not at once: the registry answers in this process.
const npm = (...args: readonly string[]) => promisify(execFile)('npm', args, { cwd: app })

/** An API that needs one package, of an old version. */
const using = async (name: string) => {
  mkdirSync(app, { recursive: true })
  writeFileSync(join(app, '.npmrc'), `registry=${registry.url}/\ncache=${join(shop.folder, 'cache')}\n`)
  const manifest = { name: 'api', version: '1.0.0', private: true }
  writeFileSync(join(app, 'package.json'), JSON.stringify({ ...manifest, dependencies: { [name]: '1.0.0' } }))
  await npm('install', '--no-audit')
  // The lock holds it at the old one, the range lets a fix in.
  for (const file of ['package.json', 'package-lock.json']) {
    const path = join(app, file)
    writeFileSync(
      path,
      readFileSync(path, 'utf8')
        .replace(`"${name}":"1.0.0"`, `"${name}":"^1.0.0"`)
        .replace(`"${name}": "1.0.0"`, `"${name}": "^1.0.0"`),
    )
  }
  writeFileSync(
    join(app, 'server.cjs'),
    `const said = require('${name}')
     require('node:http').createServer((_, response) => response.end(JSON.stringify({ said }))).listen(${port}, '127.0.0.1')`,
  )
}

let running: ChildProcess | undefined
const driver: Driver = {
  words: 'restart the API',
  check: async () => undefined,
  restart: async () => {
    const before = running
    if (before && before.exitCode === null) {
      const ended = new Promise((resolve) => before.once('exit', resolve))
      before.kill('SIGKILL')
      await ended
    }
    running = spawn(process.execPath, ['server.cjs'], { cwd: app, stdio: 'ignore' })
  },
}
const env = (more: Readonly<Record<string, string>> = {}) =>
  readEnv({ API_DIR: app, API_URL: `http://127.0.0.1:${port}`, JOBS_DIR: jobsFolder, ...more })
const job = () => securityUpdateJob(env(), { driver, settings })
const run = async () => {
  const record = await runJob(job(), { folder: jobsFolder, signal, tell: () => undefined })
  return {
    ...record,
    figures: Object.fromEntries(
      record.samples.map(({ metric, labels, value }) => [`${metric} ${labels.source ?? ''}`.trim(), value]),
    ),
  }
}
const installed = (name: string) =>
  JSON.parse(readFileSync(join(app, 'node_modules', name, 'package.json'), 'utf8')).version
const said = async () => (await fetch(`http://127.0.0.1:${port}/health`)).json()

describe('Packages with a known vulnerability', () => {
  test('are named before, fixed, and used by the API behind its restart', async () => {
    await using('leaky')
    await driver.restart(signal)
    const { npm: waiting } = await pendingUpdates({ folder: app, signal })
    expect(waiting).toEqual({ state: 'known', updates: [{ name: 'leaky', words: 'leaky (high)' }] })
    expect((await job().plan(signal)).steps.join('\n')).toContain(`npm audit fix in ${app}, for: leaky (high)`)
    const { outcome, words, figures, failures } = await run()
    expect(failures).toEqual([])
    expect([outcome, words]).toEqual(['succeeded', 'installed npm: leaky (high)'])
    expect(figures).toEqual({
      'security_update_installed npm': 1,
      'security_update_left npm': 0,
      security_update_rolled_back: 0,
    })
    expect([installed('leaky'), await said()]).toEqual(['1.0.1', { said: 'tight' }])
    // An update knows that the changed lock is of this.
    expect(await fixedLock(join(jobsFolder, 'security-update'), app)).toMatch(/^[0-9a-f]{64}$/)
  })

  test('are none behind that, and nothing is done', async () => {
    const pid = running?.pid
    const { outcome, words } = await run()
    expect([outcome, words, running?.pid]).toEqual(['succeeded', 'nothing waited', pid])
  })

  test('stay, where the API is not healthy with what mends them', async () => {
    await using('grumpy')
    await driver.restart(signal)
    const lock = readFileSync(join(app, 'package-lock.json'), 'utf8')
    const { outcome, words, figures } = await run()
    expect([outcome, words]).toEqual([
      'failed',
      expect.stringContaining('npm audit fix was taken back, and the API is healthy without it'),
    ])
    expect(figures).toMatchObject({ security_update_rolled_back: 1 })
    expect(readFileSync(join(app, 'package-lock.json'), 'utf8')).toBe(lock)
    expect([installed('grumpy'), await said()]).toEqual(['1.0.0', { said: 'grumpy' }])
  })

  test('that nobody could ask for are refused, and never none', async () => {
    writeFileSync(join(app, '.npmrc'), 'registry=http://127.0.0.1:9/\n')
    const refused = job().plan(signal)
    await expect(refused).rejects.toThrow(Refused)
    await expect(refused).rejects.toThrow('nobody knows what waits for the packages')
  })
})

describe('Updates of the system', () => {
  test.skipIf(findProgram('apt-get') === undefined)(
    'are read from a real simulation of apt, which changes nothing',
    async () => {
      const before = readFileSync('/var/lib/dpkg/status')
      const { system, npm: packages } = await pendingUpdates({ signal, listsDays: Number.POSITIVE_INFINITY })
      expect(packages.state).toBe('absent')
      expect(system.state).toBe('known')
      expect(readFileSync('/var/lib/dpkg/status').equals(before)).toBe(true)
    },
  )

  test('are not known where the lists of packages are old, missing or empty, as they are in an image', async () => {
    const lists = join(shop.folder, 'lists')
    const ask = () => pendingUpdates({ signal, lists, listsDays: 7 })
    if (findProgram('apt-get') === undefined) return
    expect((await ask()).system).toEqual({ state: 'unknown', why: expect.stringContaining('are not there') })
    mkdirSync(join(lists, 'partial'), { recursive: true })
    expect((await ask()).system).toEqual({ state: 'unknown', why: expect.stringContaining('are not there') })
    writeFileSync(join(lists, 'deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages.lz4'), '')
    const old = Date.now() / 1_000 - 9.5 * 86_400
    for (const path of [lists, join(lists, 'partial')]) utimesSync(path, old, old)
    expect((await ask()).system).toEqual({
      state: 'unknown',
      why: 'the lists of packages are 9 days old: run apt-get update, once a day',
    })
  })

  test('say whether a reboot is due', async () => {
    const reboot = join(shop.folder, 'reboot-required')
    const ask = async () => (await pendingUpdates({ signal, reboot, lists: '/nowhere' })).rebootRequired
    expect([existsSync(reboot), await ask()]).toEqual([false, false])
    writeFileSync(reboot, '')
    expect(await ask()).toBe(true)
  })
})
