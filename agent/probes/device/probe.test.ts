import { expect, test } from 'vitest'
import { parserOf } from '../../../shared/schema.ts'
import { SIGNALS } from '../../../shared/signals.ts'
import type { Ran } from '../../host/host.ts'
import { recordedHost, type RecordingEntry } from '../../host/recorded.ts'
import { laptop, NOW } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readInventory } from './inventory.ts'
import { readDevice } from './probe.ts'
import { meaningfulSerial } from './serial.ts'

const PRINTED = JSON.stringify({
  hostname: 'ada',
  manufacturer: 'LENOVO',
  model: '21HD',
  serial: 'PF4XK2',
  chassis: 'Notebook',
})
const DMI = '/sys/class/dmi/id'
const FILES = {
  '/proc/sys/kernel/hostname': 'bob\n',
  [`${DMI}/sys_vendor`]: 'Dell Inc.\n',
  [`${DMI}/product_name`]: 'To be filled by O.E.M.\n',
  [`${DMI}/product_serial`]: '7QX2YT3\n',
  [`${DMI}/chassis_type`]: '10\n',
}

const mac = (answer?: Partial<Ran>) =>
  laptop({ files: {}, platform: 'macos', ...(answer && { programs: { systeminformation: answer } }) })

test('the inventory script tells what a Mac or a Windows machine does not', async () => {
  for (const platform of ['macos', 'windows'] as const) {
    const host = laptop({ files: {}, platform, programs: { systeminformation: { stdout: PRINTED } } })
    expect(await readDevice(host)).toEqual({
      kind: 'value',
      value: { hostname: 'ada', manufacturer: 'LENOVO', model: '21HD', serial: 'PF4XK2', chassis: 'Notebook' },
      source: 'systeminformation',
    })
  }
})

const failing: readonly { name: string; answer?: Partial<Ran> }[] = [
  { name: 'prints nothing', answer: { stdout: '' } },
  { name: 'prints another shape', answer: { stdout: '{"hostname":7}' } },
  { name: 'ends with an error', answer: { stdout: PRINTED, exitCode: 1 } },
  { name: 'does not start' },
]

for (const { name, answer } of failing) {
  test(`where the script ${name}, nobody knows`, async () => {
    expect((await readDevice(mac(answer))).kind).toBe('unreadable')
  })
}

test('a recording is described by what it holds, and never by the machine that reads it', async () => {
  const recording = { version: 1, platform: 'macos', recordedAt: NOW, privileged: true } as const
  expect(await readDevice(recordedHost({ ...recording, entries: [] }))).toMatchObject({
    kind: 'unreadable',
    why: expect.stringContaining('scutil') as string,
  })
  const told = { exitCode: 0, stdout: PRINTED, stderr: '' }
  const entry: RecordingEntry = { kind: 'command', program: 'systeminformation', args: [], ...told }
  expect(await readDevice(recordedHost({ ...recording, entries: [entry] }))).toMatchObject({
    value: { hostname: 'ada' },
  })
})

test('Linux tells it in its files, without a program', async () => {
  expect(await readDevice(laptop({ files: FILES }))).toEqual({
    kind: 'value',
    value: { hostname: 'bob', manufacturer: 'Dell Inc.', model: '', serial: '7QX2YT3', chassis: 'Notebook' },
    source: '/sys/class/dmi/id',
  })
})

test('a board without tables of a maker has a device tree', async () => {
  const files = {
    '/proc/sys/kernel/hostname': 'pi\n',
    '/proc/device-tree/model': 'Raspberry Pi 5 Model B Rev 1.0\0',
    '/proc/device-tree/serial-number': '6a2c8b90d1e4f375\0',
  }
  expect(await readDevice(laptop({ files }))).toEqual({
    kind: 'value',
    value: {
      hostname: 'pi',
      manufacturer: '',
      model: 'Raspberry Pi 5 Model B Rev 1.0',
      serial: '6a2c8b90d1e4f375',
      chassis: '',
    },
    source: '/proc/device-tree',
  })
})

test('a machine without any tables still has a name; one without a name is unreadable', async () => {
  const bare = laptop({ files: { '/proc/sys/kernel/hostname': 'carol' }, denied: [DMI] })
  expect(await readDevice(bare)).toMatchObject({ value: { hostname: 'carol', serial: '', chassis: '' } })
  expect((await readDevice(laptop({ files: {} }))).kind).toBe('unreadable')
})

test('whatever stands in the files, it is a fact that a collector takes', async () => {
  const parse = parserOf(SIGNALS.device.value)
  for (const text of [...mutations(JSON.stringify(FILES), 300), 'x9'.repeat(400), '\0\0', '\u{ffff}\n10']) {
    const files = Object.fromEntries(Object.keys(FILES).map((path) => [path, text]))
    const fact = await readDevice(laptop({ files }))
    expect(fact.kind === 'unreadable' || (fact.kind === 'value' && parse(fact.value).ok)).toBe(true)
  }
})

const placeholders = [
  '', ' ', '-', '0', '0000000000', 'XXXXXXX', '........', 'None', 'N/A', 'To Be Filled By O.E.M.', 'To be filled by O.E.M',
  'Default string', 'Not Specified', 'Not Applicable', 'System Serial Number', 'Serial Number', 'Chassis Serial Number',
  'OEM', 'Unknown', '123456789', '1234567890', '0123456789', 'INVALID', '00-00-00', '\0\0', 'No Serial',
] // prettier-ignore

for (const serial of placeholders) {
  test(`${JSON.stringify(serial)} is no serial number`, () => expect(meaningfulSerial(serial)).toBe(''))
}

test('a real serial number stays as it is', () => {
  for (const serial of ['PF4XK2', '7QX2YT3', 'C02XK0AAJGH5', '5CG1234567', 'VMware-56 4d 1f', '1001', 'NONE7X']) {
    expect(meaningfulSerial(` ${serial}\n`)).toBe(serial)
  }
})

test('whatever a script prints, it is a fact that a collector takes, or unreadable', () => {
  const parse = parserOf(SIGNALS.device.value)
  for (const text of [...mutations(PRINTED, 10_000), PRINTED.replaceAll(/(?<=:")[^"]+/g, 'x9'.repeat(400))]) {
    const fact = readInventory(text)
    expect(fact.kind === 'unreadable' || (fact.kind === 'value' && parse(fact.value).ok)).toBe(true)
  }
})
