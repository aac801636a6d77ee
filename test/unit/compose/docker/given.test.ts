import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { isForGiven } from '../../../../compose/docker/generated-for.ts'
import { assertGiven, givenVariables, writeGiven } from '../../../../compose/docker/given.ts'
import { givenDeploymentOf, root } from '../../../../compose/plan.ts'
import { readEnv } from '../../../../config/env.ts'
import { sourceVariables, targets } from '../../../../config/targets.ts'
import { composeFile, type Exceptions, exceptions, softSpots } from './hardening.ts'

const folder = mkdtempSync(join(tmpdir(), 'given-'))
afterAll(() => rmSync(folder, { recursive: true }))

const fileWith = (name: string, text: string, mode: number) => {
  const file = join(folder, name)
  writeFileSync(file, text)
  chmodSync(file, mode)
  return file
}
const database = 'postgres://exporter:secret@db.internal:5432/techplus'

describe('what is given', () => {
  test.each([
    [{}, 'there is nothing to watch: give DATABASE_URL, REDIS_URL, API_URL'],
    [
      { DATABASE_URL: 'postgres://exporter@localhost/techplus' },
      'DATABASE_URL names localhost, which in a container is the',
    ],
    [
      { REDIS_URL: 'redis://127.0.0.1:6379' },
      'REDIS_URL names 127.0.0.1, which in a container is the container itself',
    ],
    [{ API_URL: 'http://[::1]:3000' }, 'API_URL names [::1], which in a container is the container itself'],
    [
      { API_URL: 'http://api.internal', API_METRICS_URL: 'http://127.0.0.1:9465/metrics' },
      'API_METRICS_URL names 127.0.0.1, which',
    ],
  ])('cannot be watched with containers: %j', (given, words) => {
    expect(() => assertGiven(readEnv(given))).toThrow(words)
  })

  test('cannot be watched where its file is shut from the exporter', () => {
    const env = readEnv({ DATABASE_URL_FILE: fileWith('shut', database, 0o600) })
    expect(() => assertGiven(env)).toThrow(
      /DATABASE_URL_FILE: the exporter, user 1000 .* cannot read .*shut\. Type: sudo chown 1000 .*shut$/,
    )
  })

  describe('by a certificate', () => {
    const certificates = join(folder, 'tls')
    mkdirSync(certificates)
    const fileOf = (name: string, mode: number) => fileWith(join('tls', name), 'x', mode)
    fileOf('db-ca.pem', 0o644)
    fileOf('redis-ca.pem', 0o644)
    fileOf('db.key', 0o600)
    const from = (path: string) => ({ DATABASE_URL: `${database}?sslmode=verify-full&sslrootcert=${path}` })
    const redisUrl = { REDIS_URL: 'rediss://cache.internal' }

    test.each([
      [
        from('/etc/db-ca.pem'),
        'sslrootcert of DATABASE_URL is /etc/db-ca.pem, which is not there in a container: put it',
      ],
      [from('/etc/db-ca.pem'), 'name that in TLS_DIR, and write /run/given/tls/db-ca.pem'],
      [from('/run/given/tls/db-ca.pem'), 'name the folder of this machine that it is in, in TLS_DIR'],
      [{ ...from('/run/given/tls/other.pem'), TLS_DIR: certificates }, `and there is no ${certificates}/other.pem`],
      [{ ...redisUrl, REDIS_TLS_CA: '/ca.pem' }, 'REDIS_TLS_CA is /ca.pem, which is not there in a container'],
    ])('that its container would not have, is refused: %j', (given, words) => {
      expect(() => assertGiven(readEnv(given))).toThrow(words)
    })

    test('that its container has is watched, unless the exporter cannot read it', () => {
      const whole = { ...from('/run/given/tls/db-ca.pem'), ...redisUrl, REDIS_TLS_CA: '/run/given/tls/redis-ca.pem' }
      expect(() => assertGiven(readEnv({ ...whole, TLS_DIR: certificates }))).not.toThrow()
      const shut = { DATABASE_URL: `${database}?sslkey=/run/given/tls/db.key`, TLS_DIR: certificates }
      expect(() => assertGiven(readEnv(shut))).toThrow(/cannot read .*db\.key\. Type: sudo chown 1000/)
    })

    test('is mounted where its URL is looked at', () => {
      const { environment = {}, volumes = [] } = over.parse(read('docker-compose.targets.yml')).services.exporter ?? {}
      const source = volumes.find((one) => one.target === '/run/given/tls')?.source
      // biome-ignore lint/suspicious/noTemplateCurlyInString: compose fills it in
      expect(source).toBe('${TLS_DIR:-./compose/docker/no-tls}')
      for (const name of ['REDIS_TLS_CA', 'REDIS_TLS_CERT', 'REDIS_TLS_KEY'])
        expect(environment[name]).toBe(`\${${name}:-}`)
    })
  })

  test('can be watched by name, and by a file that the exporter can read', () => {
    const env = readEnv({ DATABASE_URL_FILE: fileWith('open', database, 0o644), API_URL: 'http://api.internal' })
    expect(() => assertGiven(env)).not.toThrow()
  })

  test('is what every configuration says that it was made for, as init has to know', () => {
    const place = join(folder, 'written')
    writeGiven(readEnv({ API_URL: 'http://api.internal' }), () => undefined, place)
    const texts = ['prometheus/prometheus.yml', 'mimir/agent.yml'].map((path) =>
      readFileSync(join(place, path), 'utf8'),
    )
    expect(texts.map(isForGiven)).toEqual([true, true])
    const demo = ['prometheus/prometheus.yml', 'mimir/agent.yml'].map((path) =>
      readFileSync(join(root, 'compose/generated', path), 'utf8'),
    )
    expect(demo.map(isForGiven)).toEqual([false, false])
  })

  test('reaches the exporter by file, whatever way it came, and no variable has it', () => {
    const file = fileWith('by-file', 'redis://cache.internal', 0o644)
    const place = join(folder, 'urls')
    const told = givenVariables(readEnv({ DATABASE_URL: database, REDIS_URL_FILE: file, API_URL: 'http://api' }), place)
    expect(told).toEqual({ DATABASE_URL_FILE: join(place, 'database_url'), REDIS_URL_FILE: file })
    expect(readFileSync(join(place, 'database_url'), 'utf8')).toBe(`${database}\n`)
    // The container's user reads it by its mount; others of this machine do not get as far.
    expect([statSync(place).mode & 0o777, statSync(join(place, 'database_url')).mode & 0o777]).toEqual([0o700, 0o644])
  })

  test('is all that Prometheus and Alertmanager are told of', () => {
    const { targets: watched, api, apiMetrics, pager } = givenDeploymentOf(readEnv({ REDIS_URL: 'redis://cache' }))
    expect([watched, api, apiMetrics, pager]).toEqual([['cache'], undefined, undefined, undefined])
    const given = { DATABASE_URL: database, API_URL: 'http://api:80', API_METRICS_URL: 'http://api:81/m' }
    expect(givenDeploymentOf(readEnv(given))).toMatchObject({
      targets: ['main'],
      api: 'http://api:80',
      apiMetrics: 'http://api:81/m',
    })
  })
})

const over = z.strictObject({
  'x-demo': z.unknown(),
  services: z.record(
    z.string(),
    z.strictObject({
      profiles: z.tuple([z.literal('demo')]).optional(),
      command: z.array(z.string()).optional(),
      env_file: z.array(z.strictObject({ path: z.string(), required: z.literal(false) })).optional(),
      environment: z.record(z.string(), z.string()).optional(),
      networks: z.array(z.enum(['backend', 'ports', 'outside'])).optional(),
      depends_on: z.record(z.string(), z.object({ condition: z.string(), required: z.literal(false) })).optional(),
      volumes: z
        .array(
          z.strictObject({
            type: z.literal('bind'),
            source: z.string(),
            target: z.string(),
            read_only: z.literal(true),
            bind: z.strictObject({ create_host_path: z.literal(false) }),
          }),
        )
        .optional(),
    }),
  ),
})
const read = (name: string) => parse(readFileSync(join(root, name), 'utf8'), { merge: true })

type Over = z.infer<typeof over>['services'][string]

/** As compose lays one service over the other: lists of networks together, mounts by their place. */
const mergedOf = (below: Record<string, unknown> | undefined, above: Over) => {
  const { networks = [], volumes = [], environment = {}, ...rest } = above
  const targets = volumes.map(({ target }) => target)
  const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
  const left = list(below?.volumes).filter(
    (one) => !targets.includes(typeof one === 'string' ? (one.split(':')[1] ?? '') : Object(one).target),
  )
  return {
    ...below,
    ...rest,
    environment: { ...Object(below?.environment), ...environment },
    networks: [...new Set([...list(below?.networks), ...networks])],
    volumes: [...left, ...volumes],
  }
}

/** Beside those of docker-compose.yml: who goes where real servers are, and why. */
const outside = (reason: string) => ({ 'has no way out': reason })
const more: Exceptions = {
  exporter: outside('it reads PostgreSQL and Redis'),
  prometheus: outside("it scrapes the API's metrics"),
  blackbox: outside('it looks at the API from outside'),
}

describe('docker-compose.targets.yml', () => {
  const base = read('docker-compose.yml').services
  // What it has no word for, it takes away from nobody.
  const { services } = over.parse(read('docker-compose.targets.yml'))

  const softSpotsWith = (above: Readonly<Record<string, Over>>) => {
    const merged = {
      ...base,
      ...Object.fromEntries(Object.entries(above).map(([name, one]) => [name, mergedOf(base[name], one)])),
    }
    return softSpots(composeFile.pick({ services: true }).parse({ services: merged }), { ...exceptions, ...more })
  }

  test('holds every service to what docker-compose.yml holds it to, but for those that go where the servers are', () => {
    expect(softSpotsWith(services)).toEqual([])
  })

  test('could give nobody else a way out, or a file of the machine, without that being found', () => {
    for (const name of Object.keys({ ...base, ...services })) {
      const one = services[name] ?? {}
      const file = {
        source: '/etc',
        target: '/x',
        type: 'bind',
        read_only: true,
        bind: { create_host_path: false },
      } as const
      const opened: Over = { ...one, networks: ['outside'], volumes: [...(one.volumes ?? []), file] }
      const rules = ['has no way out', 'sees no file of the machine but those of the checkout'] as const
      const wanted = rules.filter((rule) => ({ ...exceptions, ...more })[name]?.[rule] === undefined)
      expect(softSpotsWith({ ...services, [name]: opened })).toEqual(wanted.map((rule) => `not so: ${name} ${rule}`))
    }
  })

  test('leaves out the demo, and waits for nobody of it', () => {
    const left = Object.keys(services).filter((name) => services[name]?.profiles)
    expect(left).toEqual(['postgres-volume', 'postgres', 'redis', 'setup', 'api', 'jobs'])
    for (const [name, one] of Object.entries<{ depends_on?: object }>(base)) {
      if (left.includes(name)) continue
      const waited = Object.keys(one.depends_on ?? {}).filter((other) => left.includes(other))
      expect([name, Object.keys(services[name]?.depends_on ?? {})]).toEqual([name, waited])
    }
  })

  test('gives the exporter every URL by a file, and an empty one of what is not given', () => {
    const { environment = {}, volumes = [] } = services.exporter ?? {}
    for (const { url } of Object.values(targets)) {
      const target = environment[`${url}_FILE`]
      const mount = volumes.find((one) => one.target === target)
      expect(mount?.source).toBe(`\${${url}_FILE:-./compose/docker/not-given}`)
    }
    expect(readFileSync(join(root, 'compose/docker/not-given'), 'utf8')).toBe('')
    expect(environment.JOBS_DEMO).toBe('')
  })

  test('mounts all that is generated from where it is written for what is given', () => {
    for (const [name, one] of Object.entries<{ volumes?: readonly unknown[] }>(base)) {
      const mounts = (one.volumes ?? []).flatMap((volume) => {
        const [, path, target] = /^\.\/compose\/generated\/(.+):(.+):ro$/.exec(String(volume)) ?? []
        return path && target ? [{ path, target }] : []
      })
      for (const { path, target } of mounts) {
        expect(services[name]?.volumes).toContainEqual(
          expect.objectContaining({ source: `./.local/given/${path}`, target }),
        )
      }
    }
  })

  test('is what has to be used where anything real is named: docker-compose.yml by itself refuses', () => {
    const named = sourceVariables.flatMap((name) => [name, `${name}_FILE`])
    expect(base.init.command.slice(2)).toEqual(named.map((name) => `\${${name}:+${name}}`))
    expect(services.init?.command).toEqual([
      ...base.init.command.slice(0, 2),
      '--channels=/channels',
      `--channels-are=\${SECRETS_DIR:-secrets}`,
    ])
  })
})
