import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { Answer, Docker } from '../../../../compose/docker/call.ts'
import { type Container, mimirParts, parts, rowsOf, urlOf } from '../../../../compose/docker/parts.ts'
import { assertAlone, containersOf, culprits, imagesOf, readProject } from '../../../../compose/docker/project.ts'
import { assertStartable, runInDocker } from '../../../../compose/docker/way.ts'
import { images } from '../../../../compose/images.ts'
import { root } from '../../../../compose/plan.ts'
import { readEnv } from '../../../../config/env.ts'

/** A docker that answers a call by what it contains, and notes each. */
const dockerThat = (answers: Readonly<Record<string, Partial<Answer>>>) => {
  const calls: string[] = []
  const docker: Docker = async (args) => {
    const call = args.join(' ')
    calls.push(call)
    const found = Object.keys(answers).find((part) => call.includes(part))
    return { code: 0, output: '', complaint: '', ...(found === undefined ? {} : answers[found]) }
  }
  return { docker, calls }
}

const config = (port: number | string = 9090) =>
  JSON.stringify({
    name: 'some-project',
    services: {
      prometheus: { ports: [{ target: 9090, published: String(port), host_ip: '127.0.0.1' }] },
      postgres: {},
    },
  })

describe('the project', () => {
  test('has the ports that compose reads from its file, the environment and .env', async () => {
    expect(await readProject(dockerThat({ config: { output: config(19090) } }).docker)).toEqual({
      name: 'some-project',
      services: ['prometheus', 'postgres'],
      ports: [{ port: 19090, name: 'Prometheus', variable: 'PROMETHEUS_PORT' }],
      images: [],
    })
  })

  test('needs the images of its services, and what ours are built on', () => {
    const build = { target: 'exporter' }
    const args = { NODE_IMAGE: 'node@sha256:1', POSTGRES_IMAGE: 'postgres@sha256:2' }
    const services = {
      init: { image: 'ours-demo', build: { target: 'demo' } },
      setup: { image: 'ours-demo' },
      exporter: { image: 'ours-exporter', build },
      redis: { image: 'redis:8' },
      other: { image: 'redis:8' },
    }
    expect(imagesOf({ name: 'a', services })).toEqual([images.node, 'redis:8'])
    const pinned = { ...services, jobs: { image: 'ours-jobs', build: { target: 'jobs', args } } }
    expect(imagesOf({ name: 'a', services: pinned })).toEqual([
      images.node,
      'redis:8',
      'node@sha256:1',
      'postgres@sha256:2',
    ])
  })

  test('has the port of Mimir, where there is one, and a line for each of its parts', async () => {
    const names = mimirParts.map(({ service }) => service)
    const services = {
      ...Object.fromEntries(names.map((name) => [name, {}])),
      mimir: { ports: [{ target: 8080, published: '9009' }] },
    }
    const { ports } = await readProject(
      dockerThat({ config: { output: JSON.stringify({ name: 'a', services }) } }).docker,
    )
    expect(ports).toEqual([{ port: 9009, name: 'Mimir', variable: 'MIMIR_PORT' }])
    expect(rowsOf([], names).map(({ url }) => url)).toEqual([
      'http://mimir:8080 (inside)',
      'http://minio:9000 (inside)',
      'http://agent-1:9090 (inside)',
      'http://agent-2:9090 (inside)',
    ])
  })

  test('that compose cannot read is told with its reason', async () => {
    const { docker } = dockerThat({ config: { code: 15, complaint: 'time="..." level=warning\ninvalid hostPort: x' } })
    await expect(readProject(docker)).rejects.toThrow('could not read docker-compose.yml: invalid hostPort: x')
  })

  test.each([
    ['no container', ''],
    ['containers of an earlier start', `exited ${root}\ncreated ${root}`],
    ['containers of this checkout, by its name without a slash', `exited ${root.replace(/\/$/, '')}`],
  ])('with %s may start', async (_words, output) => {
    await expect(assertAlone(dockerThat({ ps: { output } }).docker, 'techplus')).resolves.toBeUndefined()
  })

  test.each([
    [
      'another checkout',
      'exited /srv/other check out',
      'the containers named techplus belong to the checkout /srv/other check out: remove them there (docker compose ' +
        'down), or give this one a name of its own: COMPOSE_PROJECT_NAME=techplus-2 npm start',
    ],
    ['what runs already', `exited ${root}\nrunning ${root}`, 'the stack runs in containers already'],
    ['what is paused', `paused ${root}`, 'the stack runs in containers already'],
  ])('refuses to start beside %s', async (_words, output, message) => {
    await expect(assertAlone(dockerThat({ ps: { output } }).docker, 'techplus')).rejects.toThrow(message)
  })

  test('refuses to start where a port is taken, before anything is pulled', async () => {
    const server = createServer()
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        resolve(typeof address === 'object' && address ? address.port : 0)
      })
    })
    const { docker, calls } = dockerThat({ config: { output: config(port) } })
    await expect(assertStartable(docker)).rejects.toThrow(`port ${port} (Prometheus) is in use`)
    expect(calls.filter((call) => !/^(compose config|ps) /.test(call))).toEqual([])
    server.close()
  })
})

const line = (Service: string, more: object = {}) =>
  JSON.stringify({ Service, State: 'running', Health: 'healthy', ExitCode: 0, Publishers: null, ...more })
const container = (service: string, more: Partial<Container> = {}): Container => ({
  service,
  state: 'running',
  health: 'healthy',
  exitCode: 0,
  ports: [],
  ...more,
})

describe('containers', () => {
  const published = { Publishers: [{ URL: '127.0.0.1', TargetPort: 9090, PublishedPort: 19090, Protocol: 'tcp' }] }
  // A port that is only named in an image leads nowhere.
  const unpublished = { Publishers: [{ URL: '', TargetPort: 6379, PublishedPort: 0, Protocol: 'tcp' }] }
  const expected = [
    container('redis', { ports: [{ inside: 6379, outside: 0 }] }),
    container('prometheus', { ports: [{ inside: 9090, outside: 19090 }] }),
  ]

  test.each([
    ['one a line', `${line('redis', unpublished)}\n${line('prometheus', published)}`],
    ['in one list', `[${line('redis', unpublished)},${line('prometheus', published)}]`],
  ])('are read where compose writes them %s', async (_words, output) => {
    expect(await containersOf(dockerThat({ ps: { output } }).docker)).toEqual(expected)
  })

  test('have a line each in the summary: where they are, and how', () => {
    const all = [...new Set(parts.map(({ service }) => service))]
    const rows = rowsOf([...expected, container('api', { health: '', state: 'exited' })], all)
    expect(rows).toHaveLength(parts.length)
    expect(rowsOf(expected, ['redis', 'prometheus']).map(({ name }) => name)).toEqual(['Redis', 'Prometheus'])
    expect(rows).toContainEqual({ name: 'Prometheus', url: 'http://127.0.0.1:19090', state: 'healthy' })
    expect(rows).toContainEqual({ name: 'Redis', url: 'redis:6379 (inside)', state: 'healthy' })
    expect(rows).toContainEqual({ name: 'Pager', url: 'http://api:9095 (inside)', state: 'exited' })
    expect(rows).toContainEqual({ name: 'Grafana', url: 'http://grafana:3000 (inside)', state: 'missing' })
    expect(() => urlOf(expected, 'redis', 6379)).toThrow('the service redis has no port on this machine')
  })

  test.each([
    [
      'who ended badly',
      [container('setup', { state: 'exited', exitCode: 1, health: '' }), container('api', { health: 'starting' })],
      ['setup'],
    ],
    [
      'who is unhealthy',
      [container('redis', { health: 'unhealthy' }), container('init', { state: 'exited', health: '' })],
      ['redis'],
    ],
    ['who starts again and again', [container('api', { state: 'restarting', health: 'starting' })], ['api']],
    [
      'who was still at it, where nobody failed',
      [container('grafana', { health: 'starting' }), container('redis')],
      ['grafana'],
    ],
  ])('are to blame: %s', (_words, all, names) => {
    expect(culprits(all).map(({ service }) => service)).toEqual(names)
  })
})

const wholeConfig = JSON.stringify({
  name: 'some-project',
  services: { api: {}, 'postgres-volume': {}, prometheus: {} },
})

describe('a start that fails half-way', () => {
  const start = async (answers: Parameters<typeof dockerThat>[0], signal = new AbortController().signal) => {
    const { docker, calls } = dockerThat({ 'compose config': { output: wholeConfig }, ...answers })
    const said: string[] = []
    const run = runInDocker({ docker, env: readEnv({}), say: (words) => said.push(words), signal })
    return { failure: await run.then(String, (error: unknown) => String(error)), calls, said: said.join('\n') }
  }

  test('says which service, with the end of its log, and takes everything down but the data', async () => {
    const { failure, calls, said } = await start({
      'compose up': { code: 1 },
      'compose ps': { output: `${line('setup', { State: 'exited', Health: '', ExitCode: 1 })}\n${line('redis')}` },
      'compose logs': { output: 'prepare: no such server\nbye' },
    })
    expect(failure).toContain('could not start setup')
    expect(said).toContain('setup ended with code 1. The end of its log:\n  prepare: no such server\n  bye')
    expect(calls.find((call) => call.includes(' logs '))).toMatch(/--tail 15 setup$/)
    expect(calls.at(-1)).toBe('compose down')
  })

  test('where the volume has the data of another PostgreSQL: nothing is started, and what to do is told', async () => {
    const { failure, calls } = await start({
      'compose run': {
        code: 1,
        complaint:
          ' Network x_default  Creating\n Volume "x_data"  Created\nIt has the data of PostgreSQL 16.\nDo that.',
      },
    })
    expect(failure).toBe('Error: It has the data of PostgreSQL 16.\nDo that.')
    expect(calls.filter((call) => call.includes(' up '))).toEqual([])
  })

  test('and stopping that fails is told with what to type', async () => {
    const { said, failure } = await start({
      'compose up': { code: 1, complaint: 'no space left on device' },
      'compose down': { code: 1 },
    })
    expect(failure).toContain('could not start the containers: no space left on device')
    expect(said).not.toContain('Everything is stopped')
  })

  test('or that somebody ends is taken down as well', async () => {
    const { calls, failure } = await start({ 'compose up': { code: 130 } }, AbortSignal.abort())
    expect(failure).toMatch(/^AbortError/)
    expect(calls.at(-1)).toBe('compose down')
    expect(calls.filter((call) => call.includes('logs'))).toEqual([])
  })
})
