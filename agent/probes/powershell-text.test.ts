import { expect, test } from 'vitest'
import { mutations } from '../../test/fakes/mutations.ts'
import { readPowerShellRecords } from './powershell-text.ts'

const LIST =
  '\r\n\r\nName    : a\r\nIsOn    : True\r\nCount   : 12\r\nNothing :\r\nSize    : 1,5\r\n\r\nName    : b\r\n          and more\r\n\r\n'

test('reads a list, an object for each block', () => {
  expect(readPowerShellRecords(LIST)).toEqual({
    kind: 'value',
    value: [{ Name: 'a', IsOn: true, Count: 12, Nothing: null, Size: '1,5' }, { Name: 'b' }],
  })
})

test('reads a table by the dashes below its names', () => {
  const table =
    '\nStatus   Name    Display Name\n------   ----    ------------\nRunning  a       The A\n         b       B\n\n'
  expect(readPowerShellRecords(table)).toEqual({
    kind: 'value',
    value: [
      { Status: 'Running', Name: 'a', 'Display Name': 'The A' },
      { Status: null, Name: 'b', 'Display Name': 'B' },
    ],
  })
})

test('reads what wmic prints, and JSON', () => {
  expect(readPowerShellRecords('\r\r\n\r\r\nName=a\r\r\nCount=3\r\r\n')).toEqual({
    kind: 'value',
    value: [{ Name: 'a', Count: 3 }],
  })
  expect(readPowerShellRecords('{"Name":"a"}')).toEqual({ kind: 'value', value: [{ Name: 'a' }] })
})

test('two objects that ran together tell nothing where they differ or not', () => {
  expect(readPowerShellRecords('IsOn : True\nIsOn : True\n')).toEqual({ kind: 'value', value: [{ IsOn: null }] })
})

test.each([
  '',
  '\r\n',
  'ERROR: no',
  'Get-X : The term is not recognized\nAt line:1 char:1\n    + CategoryInfo          : x\n',
  '#< CLIXML\n<Objs></Objs>',
])('nothing is drawn from %j', (text) => {
  expect(readPowerShellRecords(text).kind).toBe('unreadable')
})

test('damage never makes a false true', () => {
  for (const text of mutations(LIST.replace('True', 'False'), 10_000)) {
    const fact = readPowerShellRecords(text)
    expect(fact.kind === 'value' && fact.value.some((it) => it['IsOn'] === true)).toBe(false)
  }
})
