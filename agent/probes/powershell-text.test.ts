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

test('reads a table with a column that stands to the right, and one with a single column', () => {
  const right =
    '\nName                    Status Age\n----                    ------ ---\nExampleAgent           Running 120\nExampleUpdaterService Stopped\n\n'
  expect(readPowerShellRecords(right)).toEqual({
    kind: 'value',
    value: [
      { Name: 'ExampleAgent', Status: 'Running', Age: 120 },
      { Name: 'ExampleUpdaterService', Status: 'Stopped', Age: null },
    ],
  })
  const single = '\r\nAMRunningMode\r\n-------------\r\nPassive Mode\r\n\r\n'
  expect(readPowerShellRecords(single)).toEqual({ kind: 'value', value: [{ AMRunningMode: 'Passive Mode' }] })
  expect(readPowerShellRecords('A remark\n--------\nIsOn\n').kind).toBe('unreadable')
})

test('an error below a table is no row of it, another table is', () => {
  const table = '\nName Is\n---- --\na    1\n'
  const error = "\nGet-X : Cannot find 'b'.\nAt line:1 char:1\n    + CategoryInfo : x\n"
  expect(readPowerShellRecords(`${table}${error}`)).toEqual({ kind: 'value', value: [{ Name: 'a', Is: 1 }] })
  const both = [
    { Name: 'a', Is: 1 },
    { Name: 'b', Is: 2 },
  ]
  expect(readPowerShellRecords(`${table}${table.replace('a    1', 'b    2')}`)).toEqual({ kind: 'value', value: both })
})

test('reads CSV of PowerShell and of wmic, and a table of wmic', () => {
  const csv = '#TYPE Selected.X\r\n"Name","IsOn"\r\n"a ""b"", c","True"\r\n"d",\r\n'
  expect(readPowerShellRecords(csv)).toEqual({
    kind: 'value',
    value: [
      { Name: 'a "b", c', IsOn: true },
      { Name: 'd', IsOn: null },
    ],
  })
  const wmic = '\r\r\nNode,name,state,timestamp\r\r\nPC,a,7,Thu, 21 Mar 2024\r\r\n'
  const row = { Node: 'PC', name: 'a', state: 7, timestamp: 'Thu, 21 Mar 2024' }
  expect(readPowerShellRecords(wmic)).toEqual({ kind: 'value', value: [row] })
  expect(readPowerShellRecords(wmic.replace(',7,Thu, 21 Mar 2024', '')).kind).toBe('unreadable')
  const table = 'Name            State    \r\r\nThe Example A   Running  \r\r\nb                        \r\r\n\r\r\n'
  expect(readPowerShellRecords(table)).toEqual({
    kind: 'value',
    value: [
      { Name: 'The Example A', State: 'Running' },
      { Name: 'b', State: null },
    ],
  })
})

test('reads objects of wmic whose line ends became empty lines', () => {
  const records = [
    { DriveLetter: 'C:', State: 1 },
    { DriveLetter: 'D:', State: 0 },
  ]
  const text = '\n\nDriveLetter=C:\n\nState=1\n\n\n\nDriveLetter=D:\n\nState=0\n\n'
  expect(readPowerShellRecords(text)).toEqual({ kind: 'value', value: records })
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
  const shapes = [
    LIST.replace('True', 'False'),
    'Name     IsOn\n----     ----\nExample False\n',
    'Name     IsOn   \nExample  False  \n',
    '"Name","IsOn"\n"Example","False"\n',
    'Node,Name,IsOn\nPC,Example,False\n',
  ]
  for (const text of shapes.flatMap((shape) => [...mutations(shape, 3000)])) {
    const fact = readPowerShellRecords(text)
    expect(fact.kind === 'value' && fact.value.some((it) => it['IsOn'] === true)).toBe(false)
  }
})

test('long lines of blanks, dashes or names take no time', () => {
  const start = performance.now()
  for (const text of [
    ' '.repeat(1e5),
    '- '.repeat(1e5),
    '-- '.repeat(5e4),
    `${'a  '.repeat(3e4)}\nb\n`,
    '"a",'.repeat(3e4),
  ]) {
    readPowerShellRecords(`Name\n${text}\n${text}`)
    readPowerShellRecords(text)
  }
  expect(performance.now() - start).toBeLessThan(1000)
})
