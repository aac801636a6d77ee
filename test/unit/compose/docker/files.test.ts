import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { composeFileWith, filesFor, pinnedFileName } from '../../../../compose/docker/files.ts'
import { howToUsePinned } from '../../../../compose/docker/pin.ts'
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

  test('what goes over all of them last, and once, by the separator of the others', () => {
    const last = 'docker-compose.pinned.yml'
    expect(read({}, { over, last })).toEqual(['docker-compose.yml', ...over, last])
    const COMPOSE_FILE = `docker-compose.yml;./${last};mine.yml`
    const environment = { COMPOSE_PATH_SEPARATOR: ';', COMPOSE_FILE }
    expect(read(environment, { over: [], last })).toEqual([`docker-compose.yml;mine.yml;${last}`])
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

  test.each([
    ['the demo', {}, watched, []],
    ['real services', given, watched, [targets]],
    ['what is stored by remote write', {}, moved, [mimir]],
    ['both', given, moved, [targets, mimir, both]],
  ])('all that was read while images were pinned, and the pinned file: %s', (_words, environment, what, files) => {
    const words = howToUsePinned(filesFor(readEnv(environment), what), (all) => composeFileWith(all, {}, folder))
    const list = ['docker-compose.yml', ...files, pinnedFileName].join(':')
    expect(words).toBe(
      `Written: ${pinnedFileName}. Say in .env that it counts, with the files that it was made of: COMPOSE_FILE=${list}`,
    )
  })
})
