import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startProcess } from '../../compose/local/process.ts'
import { ensurePrograms } from '../../compose/local/programs.ts'
import { run } from '../../compose/local/run.ts'
import { plainYaml } from '../../compose/yaml.ts'
import { copyTo, type Fault } from './compiler.ts'
import { freePort, type workshop } from './servers.ts'

type Shop = ReturnType<typeof workshop>

const root = fileURLToPath(new URL('../..', import.meta.url))
const packages = join(root, 'node_modules')

export const compilers = {
  'TypeScript 7': join(packages, 'typescript/bin/tsc'),
  'TypeScript 5': join(packages, 'typescript-5/node_modules/typescript/bin/tsc'),
} as const
export type Compiler = keyof typeof compilers

/** What services use, by their names there; Express is another in each project. */
const ofServices = [
  '@types/express',
  '@types/node',
  '@types/pg',
  '@grafana/grafana-foundation-sdk',
  'fastify',
  'pg',
  'ioredis',
]

/** The programs of the guide, by the names in their first lines. */
export const guidePrograms: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ...readFileSync(join(root, 'docs/instrument-your-service.md'), 'utf8').matchAll(
      /```(?:ts|js)\n(\/\/ ([\w.-]+)\n.*?)```/gs,
    ),
  ].map(([, text = '', name = '']) => [name, text]),
)

const floors = ['config', 'metrics', 'exporters', 'alerts', 'dashboards', 'demo', 'compose'] as const

/** A copy of the checkout, and what `npm pack` makes of it, unpacked. */
export const pack = async (shop: Shop) => {
  const folder = join(shop.folder, 'repository')
  mkdirSync(folder)
  copyTo(folder, ...floors)
  for (const part of ['docs', 'test', 'tsconfig.build.json', 'CHANGELOG.md', 'README.md', 'LICENSE', '.gitignore']) {
    cpSync(join(root, part), join(folder, part), { recursive: true })
  }
  const packed = await run(['npm', 'pack', '--silent', '--pack-destination', shop.folder], { cwd: folder })
  if (packed.code !== 0) throw new Error(`npm pack failed:\n${packed.output}`)
  const tarball = join(shop.folder, packed.output.split('\n').at(-1) ?? '')
  const { output } = await run(['tar', '-tzf', tarball])
  return { folder, tarball, files: output.split('\n').map((path) => path.replace('package/', '')) }
}

/** A project of another team that has installed it: none of our own packages is there but those that it asks for. */
export const project = async (shop: Shop, tarball: string, kind: 'module' | 'commonjs') => {
  const folder = join(shop.folder, kind)
  const installed = join(folder, 'node_modules')
  const own = join(installed, 'techplus-observability')
  mkdirSync(own, { recursive: true })
  await run(['tar', '-xzf', tarball, '--strip-components', '1', '-C', own])
  const { dependencies } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'))
  const link = (name: string, from = name) => {
    const path = join(installed, name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(join(packages, from), path)
  }
  for (const name of new Set([...Object.keys(dependencies), ...ofServices])) link(name)
  link('express', kind === 'module' ? 'express' : 'express-4')
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'rooms', private: true, type: kind }))
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['src'] }))
  const without = { extends: './tsconfig.json', exclude: ['src/dashboards.ts'] }
  writeFileSync(join(folder, 'without-panels.json'), JSON.stringify(without))
  const write = (programs: Readonly<Record<string, string>>) => {
    for (const [path, text] of Object.entries(programs)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
  }
  const typed = Object.entries(guidePrograms).filter(([name]) => name.endsWith('.ts'))
  write(Object.fromEntries(typed.map(([name, text]) => [`src/${name}`, text])))
  return {
    folder,
    write,
    /** What does not compile. */
    faults: async (compiler: Compiler, ...args: readonly string[]): Promise<readonly Fault[]> => {
      const { code, output } = await run([process.execPath, compilers[compiler], ...args], { cwd: folder })
      const found = [...output.matchAll(/^(\S+?)\((\d+),\d+\): error \w+: (.*)$/gm)]
      if (code !== 0 && found.length === 0) throw new Error(`the compiler failed:\n${output}`)
      return found.map(([, file = '', line, message = '']) => ({ file, line: Number(line), message }))
    },
    node: async (...args: readonly string[]) =>
      run([process.execPath, ...args], {
        cwd: folder,
        env: { METRICS_PORT: String(await freePort()), LOG_DIR: join(folder, 'logs') },
      }),
    serve: (name: string, args: readonly string[]) => serve(shop, { name: `${kind}-${name}`, folder, args }),
    lines: (name: string) => logged(join(shop.folder, `${kind}-${name}-logs`)),
  }
}

/** What promtool finds of a rule file in these situations. */
export const checkRules = async (path: string, tests: readonly object[]) => {
  const { promtool } = await ensurePrograms(['promtool'])
  const file = `${path}.test.yml`
  writeFileSync(file, plainYaml({ rule_files: [path], evaluation_interval: '1m', tests }))
  return run([promtool.path, 'test', 'rules', file], { env: promtool.env })
}

/** As strict as it gets, with the types of all libraries checked too. */
const options = {
  module: 'nodenext',
  target: 'es2023',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  rootDir: 'src',
  outDir: 'built',
}

const get = async (port: number, path: string) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  return { status: response.status, text: await response.text() }
}

const serve = async (shop: Shop, { name, folder, args }: { name: string; folder: string; args: readonly string[] }) => {
  const [port, metricsPort] = [await freePort(), await freePort()]
  const running = shop.keep(
    await startProcess({
      name,
      home: join(shop.folder, name),
      command: process.execPath,
      args,
      cwd: folder,
      env: {
        PORT: String(port),
        METRICS_PORT: String(metricsPort),
        LOG_DIR: join(shop.folder, `${name}-logs`),
        NODE_ENV: 'production',
      },
      ready: async () =>
        (await get(port, '/rooms/7')).status === 200 && (await get(metricsPort, '/metrics')).status === 200,
    }),
  )
  return {
    running,
    get: (path: string) => get(port, path),
    metricsPort: (path: string) => get(metricsPort, path),
    /** How many requests of a route were answered with this status. */
    answered: async (route: string, status = 200) => {
      const { text } = await get(metricsPort, '/metrics')
      const line = `http_requests_total{method="GET",route="${route}",status_code="${status}"} `
      const found = text.split('\n').find((one) => one.startsWith(line))
      return found === undefined ? undefined : Number(found.slice(line.length))
    },
  }
}

const logged = (folder: string): readonly Readonly<Record<string, unknown>>[] =>
  readdirSync(folder).includes('combined.log')
    ? readFileSync(join(folder, 'combined.log'), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : []
