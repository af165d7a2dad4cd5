import { expect, test } from 'vitest'
import type { RegistryValues } from '../../host/host.ts'
import { laptop } from '../../../test/fakes/laptop.ts'
import { readWindowsDevice } from './windows.ts'

const BIOS = 'HKLM\\HARDWARE\\DESCRIPTION\\System\\BIOS'
const TCPIP = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters'
const NAME = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ActiveComputerName'
const REGISTRY = {
  [BIOS]: { SystemManufacturer: 'LENOVO', SystemProductName: '21HDCTO1WW' },
  [TCPIP]: { Hostname: 'ada-laptop' },
  [NAME]: { ComputerName: 'ADA-LAPTOP' },
}
const bios = (told: object) => ({ 'powershell Win32_BIOS': { stdout: JSON.stringify([told]) } })

const windows = (registry: Record<string, RegistryValues>, programs = {}) =>
  readWindowsDevice(laptop({ files: {}, platform: 'windows', privileged: null, registry, programs }))

test('the registry and CIM tell what a Windows machine is, in a recording too', async () => {
  expect(await windows(REGISTRY, bios({ SerialNumber: 'PF4XK2', ChassisTypes: [10] }))).toMatchObject({
    kind: 'value',
    value: {
      hostname: 'ada-laptop',
      manufacturer: 'LENOVO',
      model: '21HDCTO1WW',
      serial: 'PF4XK2',
      chassis: 'Notebook',
    },
  })
})

test.each([
  [[9], 'Laptop'],
  [31, 'Convertible'],
  [[1, 30], 'Tablet'],
  [[2], ''],
  [[99], ''],
  ['x', ''],
  [null, ''],
])('the shape %j is %j', async (types, chassis) => {
  expect(await windows(REGISTRY, bios({ ChassisTypes: types }))).toMatchObject({ value: { chassis } })
})

test('what nobody filled in is empty, and the short name will do', async () => {
  const registry = {
    [BIOS]: { SystemManufacturer: 'System manufacturer', SystemProductName: 'To be filled by O.E.M.' },
    [NAME]: { ComputerName: 'ADA' },
  }
  expect(await windows(registry, bios({ SerialNumber: 'Default string' }))).toMatchObject({
    value: { hostname: 'ADA', manufacturer: '', model: '', serial: '', chassis: '' },
  })
  expect(await windows({ [NAME]: { ComputerName: 'ADA' } })).toMatchObject({ value: { hostname: 'ADA', model: '' } })
})

test('a machine without a name is unreadable', async () => {
  expect((await windows({ [BIOS]: REGISTRY[BIOS] })).kind).toBe('unreadable')
})
