import { describe, expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import { readFdesetupIsActive, readFdesetupStatus } from './fdesetup.ts'

const state = (text: string) => {
  const read = readFdesetupStatus(text)
  return read.kind === 'value' ? read.value.state : read.kind
}

describe('fdesetup status', () => {
  test.each([
    { text: 'FileVault is On.\n', state: 'on' },
    { text: 'FileVault is On.\r\n', state: 'on' },
    { text: 'FileVault is On.\nFileVault master keychain appears to be installed.\n', state: 'on' },
    { text: 'FileVault master keychain appears to be installed.\nFileVault is On.\n', state: 'on' },
    { text: 'Something new.\nFileVault is On.\n', state: 'unreadable' },
    { text: 'FileVault is On.\nFileVault is Off.\n', state: 'unreadable' },
    { text: 'fdesetup: device path = /\nFileVault is On.\n', state: 'on' },
    { text: '2026-11-01 10:11:12.345 fdesetup[12:34] something\nFileVault is On.\n', state: 'on' },
    { text: 'FileVault is Off.\n', state: 'off' },
    { text: 'FileVault is Off, but will be enabled after the next restart.\n', state: 'off' },
    { text: "FileVault is Off.\nDeferred enablement appears to be active for user 'alice'.\n", state: 'off' },
    { text: 'FileVault is On.\nEncryption in progress: Percent completed = 34\n', state: 'encrypting' },
    { text: 'FileVault is On.\nEncryption in progress: Percent completed = 34.56\n', state: 'encrypting' },
    { text: 'FileVault is On.\nEncryption in progress: Pending\n', state: 'encrypting' },
    { text: 'FileVault is Off.\nDecryption in progress: Percent completed = 10\n', state: 'decrypting' },
    { text: 'FileVault is On.\nDecryption in progress: Pending\n', state: 'decrypting' },
    { text: 'FileVault is On.\nEncryption in progress: Pending\nTime left: long\n', state: 'encrypting' },
    { text: '', state: 'unreadable' },
    { text: '\n', state: 'unreadable' },
    { text: 'FileVault ist aktiviert.\n', state: 'unreadable' },
    { text: 'FileVault est activé.\n', state: 'unreadable' },
    { text: 'FileVault is On', state: 'unreadable' },
    { text: 'FileVault is On, but needs to be restarted to finish.\n', state: 'unreadable' },
    { text: 'FileVault is On.\nFileVault is Off.\n', state: 'unreadable' },
    { text: 'FileVault is On.\nSomething else.\n', state: 'unreadable' },
    { text: 'Error: FileVault is On.\n', state: 'unreadable' },
    {
      text: 'FileVault is On.\nEncryption in progress: Pending\nDecryption in progress: Pending\n',
      state: 'unreadable',
    },
  ])('$text', ({ text, state: expected }) => {
    expect(state(text)).toBe(expected)
  })

  test('how far it is, of an encryption only', () => {
    expect(readFdesetupStatus('FileVault is On.\nEncryption in progress: Percent completed = 34.5')).toMatchObject({
      value: { percent: 34.5 },
    })
    for (const text of ['Encryption in progress: Pending', 'Decryption in progress: Percent completed = 10']) {
      expect(JSON.stringify(readFdesetupStatus(`FileVault is On.\n${text}`))).not.toContain('percent')
    }
  })

  test('what is to come is told beside "off"', () => {
    const deferred = "FileVault is Off.\nDeferred enablement appears to be active for user 'alice'."
    expect(readFdesetupStatus(deferred)).toMatchObject({ value: { state: 'off', detail: expect.any(String) } })
  })

  test('damage never makes it on', () => {
    const texts = [
      "FileVault is Off.\nDeferred enablement appears to be active for user 'alice'.\n",
      'FileVault is Off, but will be enabled after the next restart.\n',
      'FileVault ist deaktiviert.\n',
    ]
    for (const text of texts) for (const it of mutations(text, 4000)) expect(state(it)).not.toBe('on')
  })
})

test.each([
  { text: 'true\n', exitCode: 0, expected: 'on' },
  { text: 'true\n', exitCode: null, expected: 'on' },
  { text: 'false\n', exitCode: 1, expected: 'off' },
  { text: 'false\n', exitCode: null, expected: 'off' },
  { text: 'true\n', exitCode: 2, expected: 'unreadable' },
  { text: 'true\n', exitCode: 1, expected: 'unreadable' },
  { text: 'false\n', exitCode: 0, expected: 'unreadable' },
  { text: '', exitCode: 0, expected: 'unreadable' },
  { text: 'wahr', exitCode: 0, expected: 'unreadable' },
])('fdesetup isactive says $text and ends with $exitCode: $expected', ({ text, exitCode, expected }) => {
  const read = readFdesetupIsActive(text, exitCode)
  expect(read.kind === 'value' ? read.value.state : read.kind).toBe(expected)
})
