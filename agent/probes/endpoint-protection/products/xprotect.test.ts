import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import { readXProtectHistory, readXProtectInfo, readXProtectStatus, readXProtectVersion } from './xprotect.ts'

const plist = (content: string) => `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">${content}</plist>\n`
const INFO = plist(
  '<dict><key>CFBundleIdentifier</key><string>com.apple.XProtect</string><key>CFBundleShortVersionString</key><string>5310</string></dict>',
)

test('its bundle tells a version, and no date', () => {
  expect(readXProtectInfo(INFO)).toEqual({ kind: 'value', value: { installed: true, version: '5310' } })
  for (const text of ['', INFO.slice(0, 80), INFO.replace('apple', 'example'), INFO.replace('5310', '5.3')]) {
    expect(readXProtectInfo(text).kind).toBe('unreadable')
  }
})

test('its bundle, as plutil and defaults show it', () => {
  const dictionaries = [
    '{\n  "CFBundleIdentifier" => "com.apple.XProtect"\n  "CFBundleShortVersionString" => "5310"\n}\n',
    '{\n    CFBundleIdentifier = "com.apple.XProtect";\n    CFBundleShortVersionString = 5310;\n}\n',
    '{"CFBundleIdentifier":"com.apple.XProtect","CFBundleShortVersionString":"5310"}',
  ]
  for (const text of [...dictionaries, '5310\n']) {
    expect(readXProtectInfo(text)).toEqual({ kind: 'value', value: { installed: true, version: '5310' } })
  }
  for (const text of dictionaries) expect(readXProtectInfo(text.trim().slice(0, -1)).kind).toBe('unreadable')
  const remover = INFO.replace('com.apple.XProtect', 'com.apple.XProtectFramework.XProtect').replace('5310', '157')
  expect(readXProtectInfo(remover)).toEqual({ kind: 'value', value: { installed: true } })
  expect(readXProtectInfo('The domain/default pair of (x, y) does not exist').kind).toBe('unreadable')
})

test('xprotect version: a new macOS has no rules yet', () => {
  expect(readXProtectVersion('Version: 0 Installed: 1970-01-01 00:00:00 +0000\n')).toEqual({
    kind: 'value',
    value: { installed: true, version: '0', healthy: false, issues: ['it has no rules'] },
  })
})

test('xprotect version tells the rules in use, and since when', () => {
  expect(readXProtectVersion('Version: 5310 Installed: 2026-11-03 10:00:00 +0100\n')).toEqual({
    kind: 'value',
    value: { installed: true, version: '5310', definitionsAt: '2026-11-03T09:00:00.000Z' },
  })
  for (const text of ['Version: 5310\r\n', 'Version: 5310 Installed: 3. November 2026\n']) {
    expect(readXProtectVersion(text)).toEqual({ kind: 'value', value: { installed: true, version: '5310' } })
  }
  for (const text of ['', 'Version: ', 'Version: (null)', 'xprotect: not permitted']) {
    expect(readXProtectVersion(text).kind).toBe('unreadable')
  }
})

test('xprotect status: both kinds of scans', () => {
  const on = 'XProtect launch scans: enabled\nXProtect background scans: enabled\n'
  expect(readXProtectStatus(on)).toEqual({ kind: 'value', value: { installed: true, protecting: true } })
  expect(readXProtectStatus(on.slice(0, 35))).toEqual({ kind: 'value', value: { installed: true } })
  expect(readXProtectStatus(on.replace('enabled', 'disabled'))).toEqual({
    kind: 'value',
    value: { installed: true, protecting: false, healthy: false, issues: ['its launch scans are off'] },
  })
  expect(readXProtectStatus('').kind).toBe('unreadable')
})

const entry = (name: string, version: string, date: string) =>
  `<dict><key>date</key><date>${date}</date><key>displayName</key><string>${name}</string><key>displayVersion</key><string>${version}</string></dict>`
const HISTORY = plist(
  `<array>${entry('XProtectPlistConfigData', '5310', '2026-11-03T10:00:00Z')}${entry('XProtectPlistConfigData', '5300', '2026-10-01T10:00:00Z')}${entry('XProtectPayloads', '151', '2026-11-19T10:00:00Z')}</array>`,
)

test('the history of installations: the newest rules, not the newest tool', () => {
  expect(readXProtectHistory(HISTORY)).toEqual({
    kind: 'value',
    value: { installed: true, version: '5310', definitionsAt: '2026-11-03T10:00:00.000Z' },
  })
  expect(readXProtectHistory(plist(`<array>${entry('macOS 26.1', '26.1', '2026-11-03T10:00:00Z')}</array>`))).toEqual({
    kind: 'value',
    value: {},
  })
  for (const text of ['', INFO, HISTORY.slice(0, 200)]) expect(readXProtectHistory(text).kind).toBe('unreadable')
})

test('damage makes nothing newer than the text says, and switches no scan on', () => {
  for (const text of mutations(HISTORY, 10_000)) {
    const fact = readXProtectHistory(text)
    expect(fact.kind === 'value' ? fact.value.definitionsAt : undefined).not.toBe('2026-11-19T10:00:00.000Z')
  }
  for (const text of mutations('XProtect launch scans: disabled\nXProtect background scans: disabled\n', 10_000)) {
    const fact = readXProtectStatus(text)
    expect(fact.kind === 'value' && fact.value.protecting === true).toBe(false)
    readXProtectVersion(text)
    readXProtectInfo(text)
  }
})
