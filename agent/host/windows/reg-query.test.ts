import { expect, test } from 'vitest'
import { mutations } from '../../../test/fakes/mutations.ts'
import { decode } from '../text.ts'
import { readRegQuery, saysMissing } from './reg-query.ts'

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

test.each([
  ['ERROR: The system was unable to find the specified registry key or value.\r\n', true],
  ['FEHLER: Der angegebene Registrierungsschl\u0081ssel bzw. Wert wurde nicht gefunden.\r\n', true],
  ['FEHLER: Der angegebene Registrierungsschlüssel bzw. Wert wurde nicht gefunden.', true],
  ["ERREUR : le système n'a pas trouvé la clé ou la valeur de Registre spécifiée.", true],
  ['ERREUR\u00a0: le système n’a pas trouvé la clé ou la valeur de Registre spécifiée.', true],
  ['ОШИБКА: Не удается найти указанный раздел или параметр в реестре.', true],
  [
    decode(
      Buffer.from(
        'ada520e3a4a0a5e2e1ef20ada0a9e2a820e3aaa0a7a0adadeba920e0a0a7a4a5ab20a8aba820afa0e0a0aca5e2e0',
        'hex',
      ),
    ),
    true,
  ],
  ['エラー: 指定されたレジストリ キーまたは値が見つかりませんでした。', true],
  ['错误: 系统找不到指定的注册表项或值。', true],
  ['ERROR: Access is denied.', false],
  ['エラー: アクセスが拒否されました。', false],
  ['ОШИБКА: Отказано в доступе.', false],
  ['FEHLER: Zugriff verweigert', false],
  ['ERREUR : Accès refusé.', false],
  ['', false],
])('tells what is missing from what may not be read: %j', (text, expected) => {
  expect(saysMissing(text)).toBe(expected)
})
