import { expect, test } from 'vitest'
import { laptop } from '../../test/fakes/laptop.ts'
import { mutations } from '../../test/fakes/mutations.ts'
import { readSc, readServiceRecords, readWindowsDrivers, readWindowsServices } from './windows-services.ts'

const JSON_LIST = JSON.stringify([
  { Name: 'EventLog', State: 'Running', StartMode: 'Auto', ProcessId: 1204 },
  { Name: 'ExampleAgent', State: 'Stopped', StartMode: 'Disabled', ProcessId: 0 },
])

const QUERY = (name: string, number: string, word: string, labels = ['SERVICE_NAME', 'TYPE', 'STATE']) =>
  [
    '',
    `${labels[0]}: ${name}`,
    `DISPLAY_NAME: Example: the service`,
    `        ${labels[1]}               : 10  WIN32_OWN_PROCESS  `,
    `        ${labels[2]}              : ${number}  ${word} `,
    '                                (STOPPABLE, NOT_PAUSABLE, ACCEPTS_SHUTDOWN)',
    '        WIN32_EXIT_CODE    : 0  (0x0)',
    '        SERVICE_EXIT_CODE  : 0  (0x0)',
    '        PID                : 4242',
    '        FLAGS              : ',
    '',
  ].join('\r\n')

const jsonCases = [
  {
    text: JSON_LIST,
    expected: [
      { name: 'EventLog', running: true, enabled: true, pid: 1204 },
      { name: 'ExampleAgent', running: false, enabled: false },
    ],
  },
  { text: '{"Name":"a","Status":4,"StartType":2}', expected: [{ name: 'a', running: true, enabled: true }] },
  {
    text: '[{"Name":"a","Status":"Running","StartType":"Manual"}]',
    expected: [{ name: 'a', running: true, enabled: true }],
  },
  { text: '{"Name":"a","Status":{"value":1,"Value":"Stopped"}}', expected: [{ name: 'a', running: false }] },
  { text: '{"Name":"a","Status":2,"StartType":4}', expected: [{ name: 'a', running: false, enabled: false }] },
  {
    text: 'Status   Name               DisplayName\n------   ----               -----------\nRunning  a                  The A\nStopped  b                  The B\n',
    expected: [
      { name: 'a', running: true },
      { name: 'b', running: false },
    ],
  },
  {
    text: 'Name     Status\n----     ------\nExample Running\nb       Stopped\n',
    expected: [
      { name: 'Example', running: true },
      { name: 'b', running: false },
    ],
  },
  {
    text: '{"Name":"a","Status":"Running","StartupType":"AutomaticDelayedStart"}',
    expected: [{ name: 'a', running: true, enabled: true }],
  },
  {
    text: 'Name  StartMode  State    \r\r\na     Disabled   Stopped  \r\r\n',
    expected: [{ name: 'a', running: false, enabled: false }],
  },
  {
    text: '\nName      : a\nStatus    : Running\nStartType : Automatic\n\n',
    expected: [{ name: 'a', running: true, enabled: true }],
  },
]

for (const { text, expected } of jsonCases) {
  test(`services of PowerShell: ${text.slice(0, 50)}`, () => {
    expect(readServiceRecords(text)).toEqual({ kind: 'value', value: expected })
  })
}

test.each(['', '[1]', '{"Name":"a"}', '{"Status":4}', JSON_LIST.slice(0, -9), '[{"Name":"a","Status":99}]'])(
  'services of PowerShell: nothing is drawn from %j',
  (text) => {
    expect(readServiceRecords(text).kind).toBe('unreadable')
  },
)

test('a service that PowerShell does not know is not there', () => {
  const error =
    'Get-Service : Der Dienst "a" wurde nicht gefunden.\n    + FullyQualifiedErrorId : NoServiceFoundForGivenName,x\n'
  expect(readServiceRecords(error).kind).toBe('absent')
  const newer = "Get-Service: Cannot find any service with service name 'a'.\n"
  expect(readServiceRecords(newer).kind).toBe('absent')
})

const scCases = [
  {
    name: 'running',
    text: QUERY('Example', '4', 'RUNNING'),
    expected: [{ name: 'Example', running: true, pid: 4242 }],
  },
  {
    name: 'stopped',
    text: QUERY('Example', '1', 'STOPPED'),
    expected: [{ name: 'Example', running: false, pid: 4242 }],
  },
  {
    name: 'on its way',
    text: QUERY('Example', '2', 'START_PENDING'),
    expected: [{ name: 'Example', running: false, pid: 4242 }],
  },
  {
    name: 'labels in another language',
    text: QUERY('Example', '4', 'RUNNING', ['Имя_службы', 'Тип', 'Состояние']),
    expected: [{ name: 'Example', running: true, pid: 4242 }],
  },
  {
    name: 'two',
    text: QUERY('a', '4', 'RUNNING') + QUERY('b', '1', 'STOPPED'),
    expected: [
      { name: 'a', running: true, pid: 4242 },
      { name: 'b', running: false, pid: 4242 },
    ],
  },
  {
    name: 'its configuration',
    text: '[SC] QueryServiceConfig SUCCESS\r\n\r\nSERVICE_NAME: Example\r\n        TYPE               : 10  WIN32_OWN_PROCESS \r\n        START_TYPE         : 4   DISABLED\r\n        ERROR_CONTROL      : 1   NORMAL\r\n        BINARY_PATH_NAME   : "C:\\x.exe"\r\n',
    expected: [{ name: 'Example', enabled: false }],
  },
]

for (const { name, text, expected } of scCases) {
  test(`sc: ${name}`, () => {
    expect(readSc(text)).toEqual({ kind: 'value', value: expected })
  })
}

test('sc: a service that is not there, and one that may not be asked for', () => {
  expect(readSc('[SC] EnumQueryServicesStatus:OpenService FEHLER 1060:\r\n\r\nDer Dienst ist nicht da.\r\n').kind).toBe(
    'absent',
  )
  expect(readSc('[SC] OpenService FAILED 5:\r\n\r\nAccess is denied.\r\n').kind).toBe('unreadable')
  for (const text of ['', 'SERVICE_NAME: a\r\n', QUERY('a', '4', 'STOPPED'), 'FEHLER: x']) {
    expect(readSc(text).kind).toBe('unreadable')
  }
})

test('damage never starts a service', () => {
  for (const bad of [QUERY('Example', '1', 'STOPPED'), JSON_LIST.replace('Running', 'Stopped')]) {
    for (const text of mutations(bad, 10_000)) {
      for (const read of [readSc, readServiceRecords]) {
        const fact = read(text)
        expect(fact.kind === 'value' && fact.value.some(({ running }) => running === true)).toBe(false)
      }
    }
  }
})

const by = async (programs: Record<string, object>) =>
  readWindowsServices(laptop({ platform: 'windows', files: {}, programs }))

test('the services of a machine: PowerShell, else sc.exe, and only a whole list', async () => {
  const SC = 'sc queryex state= all bufsize= 262144'
  const all = QUERY('EventLog', '4', 'RUNNING') + QUERY('a', '1', 'STOPPED')
  expect(await by({ 'powershell Get-Service': { stdout: JSON_LIST } })).toMatchObject({ kind: 'value' })
  expect(await by({ [SC]: { stdout: all } })).toMatchObject({ kind: 'value' })
  expect(await by({ 'powershell Get-Service': { exitCode: 1, stderr: 'x' }, [SC]: { stdout: all } })).toMatchObject({
    kind: 'value',
  })
  expect((await by({ 'powershell Get-Service': { stdout: '[{"Name":"a","State":"Running"}]' } })).kind).toBe(
    'unreadable',
  )
  expect((await by({ [SC]: { stdout: all, exitCode: 1 } })).kind).toBe('unreadable')
  expect((await by({})).kind).toBe('unreadable')
})

test('drivers: none is an answer of PowerShell', async () => {
  const host = laptop({
    platform: 'windows',
    files: {},
    programs: { 'powershell Win32_SystemDriver': { stdout: '[]' } },
  })
  expect(await readWindowsDrivers(host)).toEqual({ kind: 'value', value: new Map() })
})
