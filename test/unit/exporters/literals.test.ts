import { describe, expect, test } from 'vitest'
import { withoutLiterals } from '../../../exporters/postgres/literals.ts'

type Cases = readonly (readonly [what: string, sql: string, shown: string])[]

const statements: Cases = [
  ['a password', "ALTER ROLE ann PASSWORD 'hunter2'", "ALTER ROLE ann PASSWORD '…'"],
  ['a password against its word', "ALTER ROLE ann PASSWORD'hunter2'VALID", "ALTER ROLE ann PASSWORD'…'VALID"],
  ['a connection', "CREATE SUBSCRIPTION s CONNECTION 'password=hunter2'", "CREATE SUBSCRIPTION s CONNECTION '…'"],
  ['a DO block', "DO $$ begin perform login('hunter2'); end $$", "DO '…'"],
  ['a doubled quote', "SET a.b = 'it''s hunter2', c", "SET a.b = '…', c"],
  ['an empty string', "select '', x", "select '…', x"],
  ['a string over lines', "select 'a\nhunter2'\nfrom t", "select '…' from t"],
  ['two strings', "select 'hunter2' || 'b'", "select '…' || '…'"],
  ['a bit string and an escaped one', "select b'0101', U&'\\0061hunter2', n'x'", "select b'…', U&'…', n'…'"],
]

const escapes: Cases = [
  ['an escaped quote', "select E'it\\'s hunter2', x", "select '…', x"],
  ['an escaped backslash before the end', "select e'hunter2\\\\', x", "select '…', x"],
  ['a doubled quote', "select E'it''s hunter2', x", "select '…', x"],
  ['a name that ends in e', "select note'a\\x', b", "select note'…', b"],
  ['a name that ends in E behind a letter beyond ASCII', "select éE'a', 'b'", "select éE'…', '…'"],
]

const dollars: Cases = [
  ['a tag', "select $pw$hunter2 'x' $$ y$pw$, z", "select '…', z"],
  ['a tag in other letters', 'select $a$ x $A$ hunter2 $a$, z', "select '…', z"],
  ['a tag beyond ASCII', 'select $é1$ hunter2 $é1$, z', "select '…', z"],
  ['parameters', 'select $1, $2 from t where a = $10', 'select $1, $2 from t where a = $10'],
  ['a parameter before a string', 'select $1$$hunter2$$', "select $1'…'"],
  ['dollars in a name', "select total$$, 'a$$b hunter2' from t", "select total$$, '…' from t"],
  ['a tag in a name', "select a$x$ from t where b = '$x$ hunter2'", "select a$x$ from t where b = '…'"],
  ['a single dollar', "select a $ b, 'hunter2'", "select a $ b, '…'"],
]

const comments: Cases = [
  ['a line', "select 1 -- hunter2, it's\nfrom t", 'select … from t'],
  ['a line that a carriage return ends', "select 1 -- it's\rfrom 'hunter2'", "select … from '…'"],
  ['a last line', 'select 1 -- hunter2', 'select …'],
  ['a block', "select /* hunter2 it's */ 1", 'select …'],
  ['a block between words', 'select/**/1', 'select …'],
  ['a block in a block', 'select /* a /* b */ hunter2 */ 1', 'select …'],
  ['a block in a block in a block', 'select /*/*/*a*/*/hunter2*/ 1', 'select …'],
  ['a comment in a string', "select '/*', hunter, '*/ -- x'", "select '…', hunter, '…'"],
  ['a quote in a name', "select \"it's\", 'hunter2'", "select \"it's\", '…'"],
]

const names: Cases = [
  ['a name', 'alter role "Ann B" set x', 'alter role "Ann B" set x'],
  ['a doubled quote', 'select "a""b" from t', 'select "a""b" from t'],
  ['the beginning of a comment', 'select "a--b", "c/*d" from t', 'select "a--b", "c/*d" from t'],
  ['dollars', 'select "$$", \'hunter2\'', 'select "$$", \'…\''],
  ['operators', 'select a - b, c / d, e * f, g->>h from t', 'select a - b, c / d, e * f, g->>h from t'],
  ['white space of any kind', '  select\t1\r\n  ,\n2  ', 'select … , …'],
  ['nothing', '', ''],
]

const numbers: Cases = [
  ['a setting', 'SET a.pin = 4711', 'SET a.pin = …'],
  ['a negative one', 'SET a.pin TO -4711', 'SET a.pin TO -…'],
  ['one against its word', 'SET a.pin=4711;', 'SET a.pin=…;'],
  ['a fraction', 'SET a.b = 47.11', 'SET a.b = …'],
  ['a fraction without a whole', 'SET a.b = .4711', 'SET a.b = …'],
  ['a whole with a point', 'SET a.b = 4711., c', 'SET a.b = …, c'],
  ['an exponent', 'SET a.b = 4.7e-11, c', 'SET a.b = …, c'],
  ['an exponent of a whole', 'SET a.b = 47E11', 'SET a.b = …'],
  ['hexadecimal, octal and binary ones', 'values (0x4F7b, 0O17, 0b1001)', 'values (…, …, …)'],
  ['one in groups', 'SET a.b = 4_711_000', 'SET a.b = …'],
  ['one before a letter', 'select 4711abc', 'select …abc'],
  ['a card typed in groups', 'CALL pay(4242-4242-4242-4242)', 'CALL pay(…-…-…-…)'],
  ['several', 'FETCH 100 FROM c; MOVE 7 IN c', 'FETCH … FROM c; MOVE … IN c'],
  ['one behind a parameter', 'select $1+4711', 'select $1+…'],
]

const digits: Cases = [
  ['a name', 'SAVEPOINT s1', 'SAVEPOINT s1'],
  ['a name in the middle', 'vacuum log_2024_part', 'vacuum log_2024_part'],
  ['a name that looks like an exponent', 'select e10, x2e5', 'select e10, x2e5'],
  ['a name in quotes', 'drop table "2024"', 'drop table "2024"'],
  ['a name beyond ASCII', 'drop table é4711', 'drop table é4711'],
  ['the name of a column', 'select t1.c2 from t1', 'select t1.c2 from t1'],
  ['parameters', 'select $1, $10::int4', 'select $1, $10::int4'],
]

const unclosed: Cases = [
  ['a string', "select 'hunter2", "select '…'"],
  ['a string with escapes', "select E'hunter2", "select '…'"],
  ['a string with escapes that ends in a backslash', "select E'hunter2\\", "select '…'"],
  ['a string that ends in a doubled quote', "select 'hunter2''", "select '…'"],
  ['a dollar quote', 'select $a$hunter2 $b$', "select '…'"],
  ['a dollar quote without a tag', 'select $$hunter2 $', "select '…'"],
  ['a comment', 'select 1 /* hunter2', 'select …'],
  ['a comment in a comment', 'select 1 /* /* */ hunter2', 'select …'],
  ['a name, which may hide where a string begins', "select \"a, 'hunter2'", "select '…'"],
]

// With standard_conforming_strings off, the backslash takes the quote with it, and what seems outside is inside.
const doubtful: Cases = [
  ['once', "select 'a\\', password 'hunter2' x", "select '…'"],
  ['behind another', "select 'a\\\\', hunter2", "select '…'"],
  ['before a doubled quote', "select 'a\\'' hunter2 '", "select '…'"],
  ['in the second string', "select 'a', 'b\\' , hunter2, 'c'", "select '…', '…'"],
  ['in what goes on from a string with escapes', "select E'a'\n'b\\' hunter2', c", "select '…' '…'"],
]

describe.each([
  ['What stands in quotes is left out', statements],
  ['E strings end where their escapes say', escapes],
  ['Dollar quotes are told from parameters and names', dollars],
  ['Comments are left out', comments],
  ['Everything else is kept, white space folded', names],
  ['Numbers are left out', numbers],
  ['Digits of names and parameters are kept', digits],
  ['What is not closed is left out to the end', unclosed],
  ['After a backslash before a quote all is left out', doubtful],
])('%s', (_rule, cases) => {
  test.each(cases)('%s', (_what, sql, shown) => {
    expect(withoutLiterals(sql)).toBe(shown)
  })
})

describe('A text of ten million characters is read to its end', () => {
  const many = 1_000_000
  test.each([
    ['of one string', `'${'hunter2 x '.repeat(many)}'`, "'…' end"],
    ['of doubled quotes', `'${"''".repeat(5 * many)}'`, "'…' end"],
    ['of escapes', `E'${"\\'".repeat(5 * many)}'`, "'…' end"],
    ['of dollars', `$a$${'$'.repeat(10 * many)}$a$`, "'…' end"],
    ['of nested comments', `${'/*'.repeat(2 * many)}${'*/'.repeat(2 * many)}`, 'end'],
    ['of one number', '1'.repeat(10 * many), '… end'],
    ['of one name', `"${'a'.repeat(10 * many)}"`, `"${'a'.repeat(10 * many)}" end`],
  ])('%s', (_what, sql, shown) => {
    expect(withoutLiterals(`${sql} end`) === shown).toBe(true)
  })
})
