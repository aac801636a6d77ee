import { expect, test } from 'vitest'
import { type IndexShape, redundancies } from '../../../exporters/postgres/redundancy.ts'

const index = (oid: string, columns: string, more: Partial<IndexShape> = {}): IndexShape => ({
  oid,
  relid: '1',
  method: 'btree',
  keys: columns.split(' '),
  columns: columns.split(' '),
  included: [],
  expressions: '',
  predicate: '',
  options: '',
  unique: false,
  nullsNotDistinct: false,
  immediate: true,
  needed: false,
  ...more,
})

const cases: readonly (readonly [words: string, indexes: readonly IndexShape[], found: Record<string, string>])[] = [
  ['of two that are the same the younger goes', [index('9', '1'), index('10', '1')], { 10: 'same 9' }],
  ['one that is needed stays, though younger', [index('9', '1'), index('10', '1', { needed: true })], { 9: 'same 10' }],
  ['of two that are needed none goes', [index('9', '1', { needed: true }), index('10', '1', { needed: true })], {}],
  ['a prefix goes', [index('9', '1'), index('10', '1 2')], { 9: 'prefix 10' }],
  ['the second column of another is no prefix', [index('9', '2'), index('10', '1 2')], {}],
  [
    'what is named is what stays',
    [index('8', '1'), index('9', '1 2'), index('10', '1 2 3')],
    { 8: 'prefix 10', 9: 'prefix 10' },
  ],
  ['a unique prefix keeps rows unique', [index('9', '1', { unique: true }), index('10', '1 2')], {}],
  [
    'a unique one is not replaced by a plain one',
    [index('9', '1', { unique: true }), index('10', '1')],
    { 10: 'same 9' },
  ],
  [
    'nulls that may repeat are not as nulls that may not',
    [index('9', '1', { unique: true }), index('10', '1', { unique: true, nullsNotDistinct: true })],
    {},
  ],
  [
    'a check at the end of the transaction is not one at once',
    [index('9', '1', { unique: true }), index('10', '1', { unique: true, immediate: false, needed: true })],
    {},
  ],
  ['another direction is another index', [index('9', '1'), index('10', '1', { keys: ['1/desc'] })], {}],
  ['another predicate is another index', [index('9', '1'), index('10', '1', { predicate: 'p' })], {}],
  ['another method is another index', [index('9', '1'), index('10', '1', { method: 'hash' })], {}],
  ['other parameters make another index', [index('9', '1'), index('10', '1', { options: 'siglen' })], {}],
  ['only a B-tree has prefixes', [index('9', '1', { method: 'gist' }), index('10', '1 2', { method: 'gist' })], {}],
  ['what is stored along must be in the other', [index('9', '1', { included: ['3'] }), index('10', '1 2')], {}],
  [
    'what is stored along may be a key of the other',
    [index('9', '1', { included: ['2'] }), index('10', '1 2')],
    { 9: 'prefix 10' },
  ],
  [
    'other expressions make another index',
    [index('9', '0', { expressions: 'lower' }), index('10', '0', { expressions: 'upper' })],
    {},
  ],
  [
    'an expression behind a prefix is no matter',
    [index('9', '1'), index('10', '1 0', { expressions: 'lower' })],
    { 9: 'prefix 10' },
  ],
  ['other tables are no matter', [index('9', '1'), index('10', '1', { relid: '2' })], {}],
]

test.each(cases)('%s', (_words, indexes, found) => {
  const told = Object.fromEntries([...redundancies(indexes)].map(([oid, { kind, of }]) => [oid, `${kind} ${of}`]))
  expect(told).toEqual(found)
  const reversed = [...redundancies(indexes.toReversed())].map(([oid, { kind, of }]) => [oid, `${kind} ${of}`])
  expect(Object.fromEntries(reversed)).toEqual(found)
})
