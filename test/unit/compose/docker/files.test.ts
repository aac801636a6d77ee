import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { composeFileWith, filesFor } from '../../../../compose/docker/files.ts'
import { readEnv } from '../../../../config/env.ts'
import { type Watched, watched } from '../../../../config/targets.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-'))
  write('docker-compose.yml')
})
afterEach(() => rmSync(folder, { recursive: true }))
const write = (name: string, text = '') => writeFileSync(join(folder, name), text)

const over = ['docker-compose.targets.yml', 'docker-compose.mimir.yml']
const read = (
  environment: Readonly<Record<string, string>> = {},
  files: Parameters<typeof composeFileWith>[0] = { over },
) => composeFileWith(files, environment, folder).split(':')

describe('compose is given', () => {
  test('its own file and those that are needed', () => {
    expect(read()).toEqual(['docker-compose.yml', ...over])
    expect(read({}, { over: [] })).toEqual(['docker-compose.yml'])
  })

  test('the file that it would have read by itself, over them', () => {
    write('docker-compose.override.yml')
    expect(read()).toEqual(['docker-compose.yml', ...over, 'docker-compose.override.yml'])
  })

  test('what somebody chose by COMPOSE_FILE, over them, and nothing twice', () => {
    write('docker-compose.override.yml')
    const COMPOSE_FILE = 'docker-compose.yml:./docker-compose.mimir.yml:docker-compose.pinned.yml'
    expect(read({ COMPOSE_FILE })).toEqual([
      'docker-compose.yml',
      'docker-compose.targets.yml',
      './docker-compose.mimir.yml',
      'docker-compose.pinned.yml',
    ])
  })

  test('what .env chose, where the environment does not', () => {
    write('.env', '# ours\nCOMPOSE_FILE="docker-compose.yml:docker-compose.pinned.yml"\n')
    expect(read()).toEqual(['docker-compose.yml', ...over, 'docker-compose.pinned.yml'])
    expect(read({ COMPOSE_FILE: 'docker-compose.yml' })).toEqual(['docker-compose.yml', ...over])
  })

  test('a list with the separator that was chosen', () => {
    const environment = { COMPOSE_PATH_SEPARATOR: ';', COMPOSE_FILE: 'docker-compose.yml;mine.yml' }
    expect(read(environment)).toEqual([`docker-compose.yml;${over.join(';')};mine.yml`])
  })

  test('all but a file that is about to be made', () => {
    const COMPOSE_FILE = 'docker-compose.yml:docker-compose.pinned.yml'
    expect(read({ COMPOSE_FILE }, { over: [], without: 'docker-compose.pinned.yml' })).toEqual(['docker-compose.yml'])
  })
})

describe('a start needs', () => {
  const { main } = watched.targets
  const moved: Watched = { ...watched, targets: { ...watched.targets, main: { ...main, storage: 'remote-write' } } }
  const [targets, mimir, both] = ['targets', 'mimir', 'mimir-targets'].map((name) => `docker-compose.${name}.yml`)
  const given = { DATABASE_URL: 'postgres://db/a' }

  test.each([
    ['nothing more for the demo', {}, watched, []],
    ['the file of real services', given, watched, [targets]],
    ['the file of Mimir', {}, moved, [mimir]],
    ['both, and what goes over both', given, moved, [targets, mimir, both]],
    ['no Mimir where what is stored there is not watched', { REDIS_URL: 'redis://cache' }, moved, [targets]],
  ])('%s', (_words, environment, what, files) => {
    expect(filesFor(readEnv(environment), what)).toEqual(files)
  })
})
