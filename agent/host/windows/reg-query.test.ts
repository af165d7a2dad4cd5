import { expect, test } from 'vitest'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readRegQuery } from './reg-query.ts'

const KEY = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Example'
const ANSWER = [
  '',
  KEY,
  '    (Default)    REG_SZ    ',
  '    Name of it    REG_SZ    Some    text',
  '    Count    REG_DWORD    0x2a',
  '    Big    REG_QWORD    0x1d9a0b0c0d0e0f0',
  '    Raw    REG_BINARY    0AFF',
  '    List    REG_MULTI_SZ    a\\0b',
  '    Bad    REG_DWORD    forty',
  '',
  `${KEY}\\Below`,
  '    Other    REG_DWORD    0x1',
  `${KEY}\\Also below`,
  '',
].join('\r\n')

test('reads the values of a key, and the names of the keys below', () => {
  expect(readRegQuery(ANSWER)).toEqual({
    values: {
      '(Default)': '',
      'Name of it': 'Some    text',
      Count: 42,
      Big: 0x1d9a0b0c0d0e0f0,
      Raw: '0aff',
      List: 'a\nb',
    },
    below: ['Below', 'Also below'],
  })
})

test.each([
  '',
  '\r\n',
  'FEHLER: Der angegebene Registrierungsschlüssel wurde nicht gefunden.',
  '    UBR    REG_DWORD    0x1',
])('finds no key in %j', (stdout) => {
  expect(readRegQuery(stdout)).toBeNull()
})

test('never throws', () => {
  for (const damaged of mutations(ANSWER, 10_000)) expect(() => readRegQuery(damaged)).not.toThrow()
})
