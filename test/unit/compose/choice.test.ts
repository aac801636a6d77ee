import { describe, expect, test } from 'vitest'
import { choose, type Engine, settled } from '../../../compose/choice.ts'
import type { UrlVariable } from '../../../config/env.ts'

const usable: Engine = { usable: true, version: '29.1.0' }
const absent: Engine = { usable: false, why: 'no Docker engine answers (permission denied)' }

const wish = (flags: string, ...given: readonly UrlVariable[]) => ({
  docker: flags.includes('--docker'),
  local: flags.includes('--local'),
  tellNobody: flags.includes('--tell-nobody'),
  given,
})

describe('without asking an engine', () => {
  test.each([
    ['--local', [], 'local', '--local was given'],
    ['', ['DATABASE_URL'], 'local', 'DATABASE_URL given; --docker would watch it with containers'],
    ['', ['REDIS_URL', 'API_URL'], 'local', 'REDIS_URL, API_URL given; --docker would watch them with containers'],
    ['--local', ['API_URL'], 'local', '--local was given'],
    ['--tell-nobody', [], 'local', '--tell-nobody was given, and containers tell whomever their secrets reach'],
    ['--tell-nobody', ['API_URL'], 'local', 'API_URL given; --docker would watch it with containers'],
  ] as const)('%s with %j: %s, because %s', (flags, given, way, why) => {
    expect(settled(wish(flags, ...given))).toEqual({ way, why })
  })

  test.each([
    ['--docker --local', [], '--docker and --local exclude each other: give one of them, or none'],
    [
      '--docker --tell-nobody',
      [],
      '--tell-nobody is for local processes: containers tell whomever their secrets reach. Leave --docker out, or take ' +
        'the secrets away',
    ],
  ] as const)('%s with %j is refused', (flags, given, message) => {
    expect(() => settled(wish(flags, ...given))).toThrow(new Error(message))
  })

  test.each(['', '--docker'])('%j alone is for the engine to decide', (flags) => {
    expect(settled(wish(flags))).toBeUndefined()
  })

  test('--docker with what is to be watched is for the engine to decide', () => {
    expect(settled(wish('--docker', 'DATABASE_URL', 'API_URL'))).toBeUndefined()
  })
})

describe('by what the engine can do', () => {
  test.each([
    ['', usable, 'docker', 'Docker 29.1.0 answers and has every image; --local would use local processes'],
    ['--docker', usable, 'docker', '--docker was given'],
    ['', absent, 'local', 'no Docker engine answers (permission denied)'],
  ] as const)('%j: %j gives %s', (flags, engine, way, why) => {
    expect(choose(wish(flags), engine)).toEqual({ way, why })
  })

  test('--docker without one is an error that says why', () => {
    expect(() => choose(wish('--docker'), absent)).toThrow(
      'could not use Docker: no Docker engine answers (permission denied)',
    )
  })
})
