import { expect, test } from 'vitest'
import { parseRecording, recordedHost, type RecordingEntry } from './recorded.ts'
import { recordedCommand } from '../../test/fakes/recording.ts'

const host = (...entries: RecordingEntry[]) =>
  recordedHost({ version: 1, platform: 'windows', recordedAt: '2026-11-20T12:00:00Z', entries })
test('a program may be recorded by its path, or as Windows names it', async () => {
  for (const program of ['zfs', '/usr/sbin/zfs', 'C:\\Tools\\ZFS.EXE']) {
    expect(await host(recordedCommand(program, ['list'], 'x')).run('zfs', ['list'])).toMatchObject({
      ok: true,
      stdout: 'x',
    })
  }
  expect(await host(recordedCommand('zfs', ['get'], 'x')).run('zfs', ['list'])).toMatchObject({
    reason: 'not-recorded',
  })
})

test('options may stand in another order', async () => {
  const recorded = host(recordedCommand('zfs', ['list', '-H'], 'x'))
  expect(await recorded.run('zfs', ['-H', 'list'])).toMatchObject({ ok: true, stdout: 'x' })
  expect(await recorded.run('zfs', ['list'])).toMatchObject({ reason: 'not-recorded' })
})

test('PowerShell may be recorded by its question, or by a command line that has it', async () => {
  for (const args of [['Get-Service'], ['-NoProfile', '-Command', 'Get-Service | ConvertTo-Json']]) {
    expect(await host(recordedCommand('powershell.exe', args, '[]')).run('powershell', ['Get-Service'])).toMatchObject({
      ok: true,
    })
  }
  const other = host(recordedCommand('powershell', ['Get-ServiceDependency'], '[]'))
  expect(await other.run('powershell', ['Get-Service'])).toMatchObject({ ok: false, reason: 'not-recorded' })
})

test('keys of the registry have their short or their long root, in any letters', async () => {
  const recorded = host({ kind: 'registry', key: 'HKEY_LOCAL_MACHINE\\Software\\X', values: { A: 1 } })
  expect(await recorded.readRegistry('HKLM\\SOFTWARE\\x')).toEqual({ ok: true, values: { A: 1 } })
  expect(await recorded.readRegistry('HKCU\\SOFTWARE\\x')).toMatchObject({ reason: 'not-recorded' })
})

const STATE = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecureBoot\\State'
const DESKTOP = 'HKCU\\Control Panel\\Desktop'
const query = (key: string, options: string[], stdout: string, exitCode = 0): RecordingEntry => ({
  kind: 'command',
  program: 'reg',
  args: ['query', key, ...options],
  exitCode,
  stdout,
  stderr: '',
})

test('names of values are those that the agent knows, in any letters', async () => {
  const recorded = host({ kind: 'registry', key: DESKTOP, values: { ScreenSaveTimeout: '600', Other: 'x' } })
  expect(await recorded.readRegistry(DESKTOP)).toEqual({ ok: true, values: { ScreenSaveTimeOut: '600', Other: 'x' } })
})

test('what reg.exe printed of a key tells of it', async () => {
  const state = `\r\n${STATE}\r\n    UEFISecureBootEnabled    REG_DWORD    0x1\r\n`
  for (const options of [[], ['/v', 'UEFISecureBootEnabled'], ['/reg:64']]) {
    expect(await host(query(STATE, options, state)).readRegistry(STATE)).toEqual({
      ok: true,
      values: { UEFISecureBootEnabled: 1 },
    })
  }
  const missing = 'ERROR: The system was unable to find the specified registry key or value.\r\n'
  expect(await host(query(STATE, [], missing, 1)).readRegistry(STATE)).toMatchObject({ reason: 'missing' })
  const one = query(STATE, ['/v', 'uefisecurebootenabled'], missing, 1)
  expect(await host(one).readRegistry(STATE)).toEqual({ ok: true, values: {} })
  expect(await host(query(STATE, ['/v', 'x'], missing, 1)).readRegistry(STATE)).toMatchObject({
    reason: 'not-recorded',
  })
  expect(await host(query(STATE, [], 'ERROR: Access is denied.', 1)).readRegistry(STATE)).toMatchObject({
    reason: 'not-recorded',
  })
})

test('one of several values does not tell of the others', async () => {
  const one = `${DESKTOP}\r\n    ScreenSaveActive    REG_SZ    1\r\n`
  expect(await host(query(DESKTOP, ['/v', 'ScreenSaveActive'], one)).readRegistry(DESKTOP)).toMatchObject({
    reason: 'not-recorded',
  })
})

test.each([
  '',
  '{}',
  '[]',
  'null',
  '{"version":2,"platform":"linux","recordedAt":"2026-11-20T12:00:00Z","entries":[]}',
])('refuses %j with a code', (json) => {
  expect(() => parseRecording(json)).toThrow(expect.objectContaining({ code: 'recording-invalid' }))
})
