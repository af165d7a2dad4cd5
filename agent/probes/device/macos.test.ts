import { expect, test } from 'vitest'
import { laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readHardwareJson, readHardwareText, readIoreg, readMacosDevice } from './macos.ts'

const hardware = { machine_model: 'Mac14,6', machine_name: 'MacBook Pro', serial_number: 'ABCD1234EF' }
const JSON_ANSWER = JSON.stringify({ SPHardwareDataType: [{ _name: 'hardware_overview', ...hardware }] }, null, 2)
const TEXT = `Hardware:

    Hardware Overview:

      Model Name: MacBook Pro
      Model Identifier: Mac14,6
      Model Number: Z176000HGLL/A
      Memory: 16 GB
      System Firmware Version: 13822.1.2
      Serial Number (system): ABCD1234EF
`
const IOREG = `+-o J416cAP  <class IOPlatformExpertDevice, id 0x100000110, registered, matched, active, busy 0 (9 ms), retain 41>
    {
      "IOPlatformSerialNumber" = "ABCD1234EF"
      "model" = <"Mac14,6">
      "manufacturer" = <"Apple Inc.">
    }
`
const READ = { model: 'Mac14,6', name: 'MacBook Pro', serial: 'ABCD1234EF' }

test('each source tells the same of a Mac', () => {
  expect(readHardwareJson(JSON_ANSWER)).toEqual({ kind: 'value', value: READ })
  expect(readHardwareText(TEXT)).toEqual({ kind: 'value', value: READ })
  expect(readIoreg(IOREG)).toEqual({ kind: 'value', value: { ...READ, name: '' } })
  expect(readIoreg(IOREG.replace('"Mac14,6"', '4d616331342c3600'))).toMatchObject({ value: { model: 'Mac14,6' } })
})

test('the words before the model may be in another language', () => {
  const german = TEXT.replace('Model Identifier', 'Modell-Identifizierung').replace('Serial Number', 'Seriennummer')
  expect(readHardwareText(german)).toMatchObject({ value: { model: 'Mac14,6', serial: '' } })
})

test('no Mac is drawn from what is none', () => {
  for (const read of [readHardwareJson, readHardwareText, readIoreg]) {
    for (const text of [
      '',
      '{}',
      '[]',
      'null',
      '{"SPHardwareDataType":[]}',
      '{"SPHardwareDataType":[7]}',
      'Hardware:\n',
    ]) {
      expect(read(text).kind).toBe('unreadable')
    }
  }
})

const NAME = { 'scutil --get LocalHostName': { stdout: 'Adas-Mac\n' } }
const mac = (programs: Record<string, object>) => readMacosDevice(laptop({ files: {}, platform: 'macos', programs }))

test('the name that was set comes first, and every Mac has the other', async () => {
  const programs = { ...NAME, 'system_profiler -json SPHardwareDataType': { stdout: JSON_ANSWER } }
  const described = { manufacturer: 'Apple Inc.', model: 'Mac14,6', serial: 'ABCD1234EF', chassis: 'Notebook' }
  expect(await mac(programs)).toEqual({
    kind: 'value',
    value: { hostname: 'Adas-Mac', ...described },
    source: 'system_profiler',
  })
  const unset = { 'scutil --get HostName': { stdout: 'HostName: not set\n', exitCode: 1 } }
  expect(await mac({ ...programs, ...unset })).toMatchObject({ value: { hostname: 'Adas-Mac' } })
  const set = { 'scutil --get HostName': { stdout: 'ada.example\n' } }
  expect(await mac({ ...programs, ...set })).toMatchObject({ value: { hostname: 'ada.example' } })
})

test('where system_profiler gives nothing, ioreg tells it', async () => {
  const ioreg = { 'ioreg -rd1 -c IOPlatformExpertDevice': { stdout: IOREG.replace('Mac14,6', 'VMware7,1') } }
  expect(await mac({ ...NAME, ...ioreg })).toMatchObject({
    value: { manufacturer: '', model: 'VMware7,1', chassis: '' },
    source: 'ioreg',
  })
  expect((await mac(NAME)).kind).toBe('unreadable')
  expect((await mac(ioreg)).kind).toBe('unreadable')
})

test('damage never throws, and invents no model', () => {
  const invented = [JSON_ANSWER, TEXT, IOREG].flatMap((whole, n) =>
    [...mutations(whole, 10_000)].filter((text) => {
      const read = [readHardwareJson, readHardwareText, readIoreg][n]?.(text)
      return read?.kind === 'value' && !text.includes(read.value.model)
    }),
  )
  expect(invented).toEqual([])
})
