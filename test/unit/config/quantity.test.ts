import { describe, expect, test } from 'vitest'
import { measureOf, unitsOf } from '../../../config/quantity.ts'

describe('a quantity', () => {
  test.each([
    ['90 %', 'share', 0.9],
    ['70 %', 'share', 0.7],
    ['0.1 %', 'share', 0.001],
    ['250 ms', 'time', 0.25],
    ['5 s', 'time', 5],
    ['1.5 min', 'time', 90],
    ['2 h', 'time', 7200],
    ['20 d', 'time', 1_728_000],
    ['512 B', 'size', 512],
    ['10 MiB', 'size', 10_485_760],
    ['1.5 GiB', 'size', 1_610_612_736],
    ['3 /min', 'pace', 0.05],
    ['1 /s', 'pace', 1],
    ['10', 'count', 10],
    ['-1', 'count', -1],
  ] as const)('of %s is a %s of %d', (text, dimension, value) => {
    expect(measureOf(text)).toEqual({ dimension, value })
  })

  test.each([
    '',
    'ten',
    '90%',
    '5 minutes',
    '5 m',
    '1e3',
    '10  MiB',
    ' 5 s',
    '5 s ',
    'NaN',
    'Infinity',
    '5 toString',
    '1,5 s',
  ])('is not read from "%s"', (text) => {
    expect(measureOf(text)).toBeUndefined()
  })

  test('says in which units it may be written', () => {
    expect(unitsOf('share')).toBe('a number and %')
    expect(unitsOf('pace')).toBe('a number and /s or /min or /h')
    expect(unitsOf('count')).toBe('a number alone')
  })
})
