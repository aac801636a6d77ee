import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readEnv } from '../../../config/env.ts'
import { type SecurityUpdateSettings, securityUpdateSettings } from '../../../config/update.ts'
import { readKept } from '../../../exporters/jobs/folder.ts'
import type { Driver } from '../../../jobs/restart/driver.ts'
import { runJob } from '../../../jobs/runner.ts'
import { securityUpdateJob } from '../../../jobs/security-update/index.ts'
import { npmRegistry } from '../../integration/npm-registry.ts'
import { eventually, freePort } from '../../integration/servers.ts'
import type { Shop } from './case.ts'

/** What a run is given, in its own process or in ours. */
export interface SecurityUpdateTask {
  readonly env: Readonly<Record<string, string>>
  readonly settings: SecurityUpdateSettings
  /** Of the API. */
  readonly folder: string
}

const health = async (url: string): Promise<unknown> => (await fetch(`${url}/health`)).json()
const answers = (url: string) =>
  health(url).then(
    () => true,
    () => false,
  )

/** Starts the API anew, which lives on when whoever started it is killed. */
const apiDriver = (folder: string, url: string): Driver => {
  const pidFile = join(folder, '..', 'api.pid')
  return {
    words: 'restart the API',
    check: async () => undefined,
    restart: async () => {
      endApi(pidFile)
      await eventually(
        () => answers(url),
        (there) => !there,
      )
      const api = spawn(process.execPath, ['server.cjs'], { cwd: folder, stdio: 'ignore', detached: true })
      api.unref()
    },
  }
}

const endApi = (pidFile: string) => {
  if (!existsSync(pidFile)) return
  try {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

export const jobOf = ({ env: given, settings, folder }: SecurityUpdateTask) => {
  const env = readEnv(given)
  return securityUpdateJob(env, { driver: apiDriver(folder, env.API_URL ?? ''), settings })
}

const child = fileURLToPath(new URL('security-update-child.ts', import.meta.url))

/** An API that needs a package of an old version, and a registry with one that mends it. Call `end` before the workshop's. */
export const securityUpdateStand = async (shop: Shop) => {
  const place = join(shop.folder, 'server')
  const [app, jobsFolder] = [join(place, 'app'), join(shop.folder, 'jobs')]
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const registry = await npmRegistry({
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
  const task: SecurityUpdateTask = {
    env: { API_DIR: app, API_URL: url, JOBS_DIR: jobsFolder },
    settings: { ...securityUpdateSettings, system: 'none', minutes: { system: 1, npm: 2, healthy: 0.2 } },
    folder: app,
  }
  const driver = apiDriver(app, url)
  return {
    ...{ app, url, jobsFolder, registry, task, driver },
    // Not at once: the registry answers in this process.
    using: (name: string) => using({ app, name, port, registry: registry.url, cache: join(shop.folder, 'cache') }),
    pid: () => Number(readFileSync(join(place, 'api.pid'), 'utf8')),
    job: () => jobOf(task),
    run: (one = task) =>
      runJob(jobOf(one), { folder: jobsFolder, signal: new AbortController().signal, tell: () => undefined }),
    /** One run in a process of its own, which can be killed. */
    child: (more: Readonly<Record<string, string>> = {}, one = task) => {
      const own = spawn(process.execPath, ['--import', 'tsx', child], {
        env: { ...process.env, ...more, TASK: JSON.stringify(one) },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let said = ''
      own.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
      // What it has started keeps its pipes: it is gone all the same.
      const ended = new Promise<NodeJS.Signals | null>((resolve) => own.once('exit', (_code, by) => resolve(by)))
      return { said: () => said, ended, kill: () => own.kill('SIGKILL') }
    },
    outcomes: async () => (await readKept(jobsFolder, 'security-update')).records.map(({ outcome }) => outcome),
    installed: (name: string): unknown =>
      JSON.parse(readFileSync(join(app, 'node_modules', name, 'package.json'), 'utf8')).version,
    /** What npm said. */
    log: (name: string) => readFileSync(join(jobsFolder, 'security-update', `${name}.log`), 'utf8'),
    locked: (name: string): unknown =>
      JSON.parse(readFileSync(join(app, 'package-lock.json'), 'utf8')).packages[`node_modules/${name}`].version,
    said: () => health(url),
    end: async () => {
      endApi(join(place, 'api.pid'))
      await registry.end()
    },
  }
}
export type SecurityUpdateStand = Awaited<ReturnType<typeof securityUpdateStand>>

interface Using {
  readonly app: string
  readonly name: string
  readonly port: number
  readonly registry: string
  readonly cache: string
}

/** An API that needs one package, of an old version. */
const using = async ({ app, name, port, registry, cache }: Using) => {
  mkdirSync(app, { recursive: true })
  writeFileSync(join(app, '.npmrc'), `registry=${registry}/\ncache=${cache}\nfetch-retries=0\n`)
  // So that packages which are brought back take a while.
  const scripts = { postinstall: `node -e "setTimeout(() => undefined, 700)"` }
  const manifest = { name: 'api', version: '1.0.0', private: true, scripts }
  writeFileSync(join(app, 'package.json'), JSON.stringify({ ...manifest, dependencies: { [name]: '1.0.0' } }))
  await promisify(execFile)('npm', ['install', '--no-audit'], { cwd: app })
  // The lock holds it at the old one, the range lets a fix in.
  for (const file of ['package.json', 'package-lock.json']) {
    const path = join(app, file)
    const text = readFileSync(path, 'utf8').replace(new RegExp(`("${name}": ?")1\\.0\\.0"`), '$1^1.0.0"')
    writeFileSync(path, text)
  }
  writeFileSync(
    join(app, 'server.cjs'),
    `const said = require('${name}')
     // By itself: whoever started it may be killed before it knows.
     require('node:fs').writeFileSync('../api.pid', String(process.pid))
     require('node:http').createServer((_, response) => response.end(JSON.stringify({ said }))).listen(${port}, '127.0.0.1')`,
  )
}
