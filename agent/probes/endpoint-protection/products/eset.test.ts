import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import { readEsetKey, readEsetLicence, readEsetModules, readEsetSettings, readEsetVersion } from './eset.ts'

test('the key of Windows: its version, and the day of its detection engine', () => {
  expect(readEsetKey({ ProductVersion: '11.1.2059.0', ScannerVersion: '30111 (20261103)' })).toEqual({
    kind: 'value',
    value: { installed: true, version: '11.1.2059.0', definitionsAt: '2026-11-03T00:00:00.000Z' },
  })
  expect(readEsetKey({ ProductVersion: '11.1.2059.0', ScannerVersion: '30111' })).toEqual({
    kind: 'value',
    value: { installed: true, version: '11.1.2059.0' },
  })
  for (const values of [{}, { ScannerVersion: 30111 }, { ScannerVersion: '30111 (20261399)' }]) {
    expect(readEsetKey(values).kind).toBe('unreadable')
  }
})

test('upd --version names the program, the product and its version', () => {
  for (const text of [
    '/opt/eset/eea/bin/upd (eea) 11.4.3.0\n',
    '/Applications/ESET Endpoint Security.app/Contents/MacOS/upd (ees_mac) 11.4.3.0\r\n',
  ]) {
    expect(readEsetVersion(text)).toEqual({ kind: 'value', value: { installed: true, version: '11.4.3.0' } })
  }
  for (const text of ['', 'upd 11.4.3.0', '/opt/x (eea) beta']) expect(readEsetVersion(text).kind).toBe('unreadable')
})

const MODULES = 'EM000\t  1088 (20250708)\tUpdate module\nEM002\t 31832 (20261103)\tDetection engine\n'

test('upd --list-modules: the day of the detection engine', () => {
  expect(readEsetModules(MODULES)).toEqual({
    kind: 'value',
    value: { installed: true, protecting: true, definitionsAt: '2026-11-03T00:00:00.000Z' },
  })
  for (const text of ['', MODULES.slice(0, 40), MODULES.replace('20261103', '20261199'), MODULES + MODULES]) {
    expect(readEsetModules(text).kind).toBe('unreadable')
  }
})

const LICENCE =
  'Product name: ESET Endpoint Antivirus for Linux\nStatus: Activated\nPublic ID: 333-AAA-BBB\n\nProduct name: ESET LiveGuard\nStatus: Expired\n'

test('lic --status: the endpoint product is the first', () => {
  expect(readEsetLicence(LICENCE)).toEqual({ kind: 'value', value: { installed: true, onboarded: true } })
  expect(readEsetLicence(LICENCE.replace('Activated', 'Not activated'))).toEqual({
    kind: 'value',
    value: { installed: true, onboarded: false, issues: ['its licence is: Not activated'] },
  })
  for (const text of ['', 'Status:', 'Status: Aktiviert', 'Product name: x\n']) {
    expect(readEsetLicence(text).kind).toBe('unreadable')
  }
})

const settings = (isOn: unknown, works: unknown) =>
  JSON.stringify({
    State: {
      ProtectionStatus: { RTFSEnabled: { Active: { ce_val: isOn } }, RTFSWorking: { Active: { ce_val: works } } },
    },
  })

test('the settings of macOS: the scanner is on, and works', () => {
  for (const [isOn, works, realTime] of [
    [1, 1, true],
    [1, 0, false],
    [0, 1, false],
  ] as const) {
    expect(readEsetSettings(settings(isOn, works))).toEqual({ kind: 'value', value: { installed: true, realTime } })
  }
  for (const text of [
    '',
    '[]',
    '{}',
    'null',
    settings(1, undefined),
    settings('1', '1'),
    settings(1, 1).slice(0, -1),
  ]) {
    expect(readEsetSettings(text).kind).toBe('unreadable')
  }
  for (const text of mutations(settings(1, 0), 10_000)) {
    const fact = readEsetSettings(text)
    // One sign may have become another, and says so then.
    const saysOn = text.includes('"RTFSWorking":{"Active":{"ce_val":1}')
    expect(fact.kind === 'value' && fact.value.realTime === true && !saysOn).toBe(false)
  }
})

test('damage never activates a licence, and makes no engine newer', () => {
  for (const text of mutations(LICENCE.replace('Activated', 'Expired'), 10_000)) {
    const fact = readEsetLicence(text)
    expect(fact.kind === 'value' && fact.value.onboarded === true).toBe(false)
  }
  for (const text of mutations(MODULES, 10_000)) {
    const fact = readEsetModules(text)
    const day = fact.kind === 'value' ? fact.value.definitionsAt : '2026-11-03T00:00:00.000Z'
    expect(day).toMatch(/^20\d\d-\d\d-\d\dT00:00:00\.000Z$/)
    readEsetVersion(text)
  }
})
