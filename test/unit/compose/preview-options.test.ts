import { describe, expect, test } from 'vitest'
import { readOptions, takenFor } from '../../../compose/preview-options.ts'

const taken = (...args: readonly string[]) => takenFor(readOptions(['--png', 'pictures', ...args]))
const stateOf = (...args: readonly string[]) => Object.fromEntries(taken(...args).state)

describe('the command line of a picture', () => {
  test('says the time, the choices and the theme as an address does', () => {
    expect(stateOf('--from', 'now-2d', '--to', 'now-1d', '--theme', 'light')).toEqual({
      from: 'now-2d',
      to: 'now-1d',
      theme: 'light',
    })
    expect(stateOf('--to', 'now')).toEqual({ from: 'now-6h', to: 'now' })
    expect(stateOf('--dashboard', 'techplus-postgres', '--var', 'postgres=a=b')).toEqual({ 'var-postgres': 'a=b' })
    expect(stateOf()).toEqual({})
  })

  test.each([
    [['--from', 'garbage'], '--from garbage: write a moment such as now-6h, now/d or 2026-01-31T09:00'],
    [['--from', 'now-1h', '--to', '2020'], '--to 2020: write a moment'],
    [['--to', ''], '--to : write a moment'],
    [['--from', 'now', '--to', 'now-1h'], '--from now --to now-1h: the time ends before it begins'],
    [['--to', 'now-1d'], '--from now-6h --to now-1d: the time ends before it begins'],
    [
      ['--var', 'postgre=main'],
      '--var postgre=main: there is no variable postgre. Known: api, route, database, postgres, redis',
    ],
    [['--var', 'datasource=x'], 'there is no variable datasource'],
    [['--var', 'postgres'], '--var postgres: write --var NAME=VALUE'],
    [['--theme', 'pink'], '--theme pink: write light or dark'],
    [['--dashboard', 'nothing'], 'there is no dashboard nothing'],
  ])('is refused where it says %j', (args, words) => {
    expect(() => taken(...args)).toThrow(words)
  })
})
