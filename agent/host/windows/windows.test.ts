import { expect, test } from 'vitest'
import { unread, type Ran, type Unread } from '../host.ts'
import { readAnswers, readingScript } from './script.ts'
import { windowsReading } from './windows.ts'

const VERSION = 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'
const ran = (stdout: string, exitCode = 0): Ran => ({ ok: true, exitCode, stdout, stderr: '' })
const json = (...lines: object[]) => lines.map((line) => JSON.stringify(line)).join('\r\n')

function reading(powershell: Ran | Unread, reg: Record<string, Ran> = {}) {
  const started: string[] = []
  const windows = windowsReading({
    async powershell(script) {
      started.push(script.includes(VERSION) ? 'powershell' : 'powershell for one question')
      return powershell
    },
    async reg(args) {
      started.push(['reg', ...args].join(' '))
      return reg[args[1] ?? ''] ?? ran('', 1)
    },
  })
  return { started, ...windows }
}

test('one start of PowerShell answers all that a reading asks', async () => {
  const { started, ask, readRegistry } = reading(
    ran(
      json(
        { question: 'Get-Service', json: '[{"Name":"WinDefend"}]' },
        { key: VERSION, values: { CurrentBuild: '26100', UBR: 4652, Odd: ['x'] } },
      ),
    ),
  )
  const answers = await Promise.all([ask('powershell', ['Get-Service']), readRegistry(VERSION)])
  expect(answers).toEqual([
    { ok: true, exitCode: 0, stdout: '[{"Name":"WinDefend"}]', stderr: '' },
    { ok: true, values: { CurrentBuild: '26100', UBR: 4652 } },
  ])
  expect(started).toEqual(['powershell'])
})

test('a question that hangs does not cost the answers before it', async () => {
  const soFar = `${json({ key: VERSION, values: { UBR: 1 } })}\r\n{"question":"Get-Serv`
  const { ask, readRegistry } = reading({ ...unread('timed-out', 'too late'), soFar })
  expect(await readRegistry(VERSION)).toEqual({ ok: true, values: { UBR: 1 } })
  expect(await ask('powershell', ['Get-Service'])).toMatchObject({ ok: false, reason: 'failed' })
})

test('what is not on a list is not asked', async () => {
  const { started, ask, readRegistry } = reading(ran(''))
  expect(await ask('powershell', ['Get-BitLockerRecoveryKey'])).toMatchObject({ ok: false, reason: 'failed' })
  expect(await readRegistry('HKLM\\SAM')).toMatchObject({ ok: false, reason: 'failed' })
  expect(started).toEqual([])
})

test('a key that is missing, denied or broken is told apart', async () => {
  const { registry } = readAnswers(
    json(
      { key: 'A', missing: true },
      { key: 'B', error: 'PermissionDenied: Requested registry access is not allowed.' },
      { key: 'C', error: 'InvalidOperation: nobody is signed in' },
      { key: 'D' },
      { key: 'E', values: { Never: -1, Small: -3_000_000_000 } },
    ),
  )
  const reasons = ['a', 'b', 'c', 'd'].map((key) => registry.get(key))
  expect(reasons).toMatchObject([
    { reason: 'missing' },
    { reason: 'denied' },
    { reason: 'failed' },
    { reason: 'failed' },
  ])
  expect(registry.get('e')).toEqual({ ok: true, values: { Never: 0xffff_ffff, Small: -3_000_000_000 } })
})

test('a question that failed is a program that ended with 1 and said why', () => {
  const { questions } = readAnswers(
    json({ question: 'Get-Service', error: 'HRESULT 0x80041003,X: Zugriff verweigert' }),
  )
  expect(questions.get('Get-Service')).toEqual({
    ok: true,
    exitCode: 1,
    stdout: '',
    stderr: 'HRESULT 0x80041003,X: Zugriff verweigert',
  })
})

test('noise around the answers is passed over', () => {
  const { questions, registry } = readAnswers(
    `WARNING: x\n{"broken\n{}\n#< CLIXML\n${json({ key: 'A', missing: true })}`,
  )
  expect([questions.size, registry.size]).toEqual([0, 1])
})

test('without PowerShell reg.exe still reads the registry, and only what is listed', async () => {
  const key = `HKEY_LOCAL_MACHINE${VERSION.slice(4)}`
  const answer = `\r\n${key}\r\n    UBR    REG_DWORD    0x122c\r\n    RegisteredOwner    REG_SZ    Alice\r\n`
  const { ask, readRegistry, started } = reading(unread('failed', 'blocked'), { [VERSION]: ran(answer) })
  expect(await readRegistry(VERSION)).toEqual({ ok: true, values: { UBR: 0x122c } })
  expect(await ask('powershell', ['Get-Service'])).toEqual(unread('failed', 'blocked'))
  expect(started).toEqual(['powershell', `reg query ${VERSION} /reg:64`])
})

test('for reg.exe a key is missing only where the key above is seen without it', async () => {
  const above = VERSION.slice(0, VERSION.lastIndexOf('\\'))
  const heading = `HKEY_LOCAL_MACHINE${above.slice(4)}`
  const blocked = unread('failed', 'blocked')
  const seen = reading(blocked, { [above]: ran(`${heading}\r\n${heading}\\Other\r\n`) })
  expect(await seen.readRegistry(VERSION)).toMatchObject({ reason: 'missing' })
  const denied = reading(blocked, { [above]: ran(`${heading}\r\n${heading}\\CurrentVersion\r\n`) })
  expect(await denied.readRegistry(VERSION)).toMatchObject({ reason: 'failed' })
  expect(await reading(blocked).readRegistry(VERSION)).toMatchObject({ reason: 'failed' })
})

test('the script fits a command line, and has no double quote that would have to be escaped', () => {
  const script = readingScript()
  expect(script).not.toContain('"')
  // CreateProcess takes 32 767 characters.
  expect(script.length).toBeLessThan(28_000)
})
