import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { artefacts } from '../../../../compose/artefacts.ts'
import { assertChannels, secretsIn } from '../../../../compose/docker/channels.ts'
import { forGiven } from '../../../../compose/docker/generated-for.ts'
import { assertNothingGiven, secretFiles, writeSecrets } from '../../../../compose/docker/secrets.ts'
import { assertStored } from '../../../../compose/docker/storage.ts'
import { yaml } from '../../../../compose/yaml.ts'

const place = mkdtempSync(join(tmpdir(), 'secrets-'))
afterAll(() => rmSync(place, { recursive: true }))

const newFolder = () => mkdtempSync(join(place, 'x-'))
const contents = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
  )

test('the first time every secret is written, at random', () => {
  const [one, other] = [newFolder(), newFolder()]
  const written = writeSecrets(one)
  writeSecrets(other)
  const [mine, theirs] = [contents(one), contents(other)]
  expect([...written].sort()).toEqual(Object.keys(mine).sort())
  for (const [path, text] of Object.entries(mine)) expect(theirs[path]).not.toBe(text)
  const values: readonly string[] = Object.values(JSON.parse(mine['init/secrets.json'] ?? ''))
  expect(new Set(values).size).toBe(values.length)
  // Nothing that a URL, a configuration file or a SCRAM verifier would have to quote, and 192 bits of it.
  for (const value of values) expect(value).toMatch(/^[\w-]{32}$/)
})

test('a second time changes nothing', () => {
  const folder = newFolder()
  writeSecrets(folder)
  const before = contents(folder)
  const inodes = Object.keys(before).map((path) => statSync(join(folder, path)).ino)
  expect(writeSecrets(folder)).toEqual([])
  expect(contents(folder)).toEqual(before)
  expect(Object.keys(before).map((path) => statSync(join(folder, path)).ino)).toEqual(inodes)
})

test('what is missing after an interrupted start, or belongs to a newer version, is made good', () => {
  const folder = newFolder()
  writeSecrets(folder)
  const before = contents(folder)
  rmSync(join(folder, 'api'), { recursive: true })
  expect(writeSecrets(folder)).toEqual(['api/database_url', 'api/redis_url'])
  expect(contents(folder)).toEqual(before)

  const { grafanaKey, ...older } = JSON.parse(before['init/secrets.json'] ?? '')
  rmSync(join(folder, 'init/secrets.json'))
  writeFileSync(join(folder, 'init/secrets.json'), JSON.stringify(older))
  expect(writeSecrets(folder)).toEqual(['init/secrets.json', 'grafana/secret_key'])
  expect(JSON.parse(readFileSync(join(folder, 'init/secrets.json'), 'utf8'))).toMatchObject(older)
  expect(grafanaKey).not.toBe(readFileSync(join(folder, 'grafana/secret_key'), 'utf8').trim())
})

test('new secrets are not made beside databases that have the old ones', () => {
  const folder = newFolder()
  writeSecrets(folder)
  rmSync(join(folder, 'init/secrets.json'))
  const before = contents(folder)
  expect(() => writeSecrets(folder)).toThrow(/^init\/secrets\.json is gone.*docker compose down --volumes$/s)
  expect(contents(folder)).toEqual(before)
  expect(existsSync(join(folder, 'init/secrets.json'))).toBe(false)
})

test('only the one that writes them can read all of them at once', () => {
  const folder = newFolder()
  const written = writeSecrets(folder)
  const modes = Object.fromEntries(written.map((path) => [path, statSync(join(folder, path)).mode & 0o777]))
  expect(modes).toMatchObject({ 'init/secrets.json': 0o400, 'postgres/superuser_password': 0o444 })
})

const values = {
  superuser: 'S-superuser',
  api: 'S-api',
  exporter: 'S-exporter',
  redis: 'S-redis',
  grafana: 'S-grafana',
  grafanaKey: 'S-key',
}

test.each([
  ['postgres', ['superuser']],
  ['setup', ['api', 'exporter', 'superuser']],
  ['redis', ['redis']],
  ['api', ['api', 'redis']],
  ['exporter', ['exporter', 'redis']],
  ['grafana', ['grafana', 'grafanaKey']],
] as const)('%s is told %j, and nothing else', (reader, told) => {
  const texts = [...secretFiles(values)].filter(([path]) => path.startsWith(`${reader}/`)).map(([, text]) => text)
  const found = Object.entries(values).filter(([, value]) => texts.some((text) => text.includes(value)))
  expect(found.map(([name]) => name).sort()).toEqual([...told])
})

test('URLs name the services, and the logins that setup makes', () => {
  const files = secretFiles(values)
  expect(files.get('setup/admin_url')).toBe('postgres://postgres:S-superuser@postgres:5432/postgres')
  expect(files.get('api/database_url')).toBe('postgres://techplus_api:S-api@postgres:5432/techplus')
  expect(files.get('exporter/database_url')).toBe('postgres://techplus_exporter:S-exporter@postgres:5432/techplus')
  expect(files.get('exporter/redis_url')).toBe('redis://:S-redis@redis:6379')
  expect(files.get('redis/redis.conf')).toBe('requirepass "S-redis"')
  expect(files.get('redis/ping')).toBe('AUTH S-redis\nPING')
})

describe('a channel that is to tell people', () => {
  const config = 'a: { file: /run/secrets/key }\nb: { file: /run/secrets/key }\nc: /run/secrets/smtp_password\n'
  const missing = (name: string) =>
    `  /etc/channels/${name} is missing or empty: secrets/README.md says what belongs into it`
  const folder = newFolder()
  const check = () => assertChannels({ config, folder, shown: '/etc/channels' })

  test('names its secrets once', () => expect(secretsIn(config)).toEqual(['key', 'smtp_password']))

  test('is named where its secret is not there, or is empty', () => {
    writeFileSync(join(folder, 'key'), '')
    expect(check).toThrow(
      new Error(['could not tell anybody of alerts:', missing('key'), missing('smtp_password')].join('\n')),
    )
    writeFileSync(join(folder, 'key'), 'x')
    expect(check).toThrow(new Error(`could not tell anybody of alerts:\n${missing('smtp_password')}`))
    writeFileSync(join(folder, 'smtp_password'), 'x')
    expect(check).not.toThrow()
  })
})

describe('what is stored by remote write', () => {
  const here = 'global: {}\nrule_files: [a.yml]\n'
  const away = 'global: {}\nremote_write: []\n'
  const scraping = 'scrape_configs:\n  - job_name: postgres\n'

  test('has a Mimir, or nobody would evaluate the rules', () => {
    expect(() => assertStored({ prometheus: away })).toThrow(
      'config/targets.ts stores something by remote write, and nobody would evaluate the rules: add docker-compose.mimir.yml',
    )
    expect(() => assertStored({ prometheus: away, agent: scraping })).not.toThrow()
    expect(() => assertStored({ prometheus: here })).not.toThrow()
  })

  test('is that of the same services wherever it is read', () => {
    const texts = { demo: (text: string) => yaml({}) + text, given: (text: string) => forGiven(yaml({}) + text) }
    const of = (agent: keyof typeof texts, prometheus: keyof typeof texts) =>
      assertStored({ prometheus: texts[prometheus](away), agent: texts[agent](scraping) })
    expect(() => of('demo', 'given')).toThrow(
      /^the agents would scrape the demo, and Prometheus what is given: .* COMPOSE_FILE .* docker-compose\.mimir-targets\.yml, in this order/,
    )
    expect(() => of('given', 'demo')).toThrow(/^the agents would scrape what is given, and Prometheus the demo: /)
    expect(() => of('given', 'given')).not.toThrow()
    expect(() => of('demo', 'demo')).not.toThrow()
  })

  test('is something, or there is no use for a Mimir', () => {
    expect(() => assertStored({ prometheus: here, agent: artefacts().get('mimir/agent.yml') })).toThrow(
      /^nothing is stored by remote write: give something in config\/targets\.ts the storage remote-write and type npm run generate/,
    )
  })
})

test('whoever names something real is not shown the demo', () => {
  expect(() => assertNothingGiven(['', '', ''])).not.toThrow()
  expect(() => assertNothingGiven(['', 'DATABASE_URL_FILE', 'API_URL'])).toThrow(
    'DATABASE_URL_FILE, API_URL is set, and docker-compose.yml by itself runs the demo. To watch what is real: ' +
      'COMPOSE_FILE=docker-compose.yml:docker-compose.targets.yml',
  )
})
