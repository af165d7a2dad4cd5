import { expect, test } from 'vitest'
import { diskOf, readPartitions } from './block-devices.ts'

test.each([
  { name: 'sda2', uevent: 'DEVTYPE=partition\nPARTN=2', disk: 'sda' },
  { name: 'nvme0n1p12', uevent: 'DEVTYPE=partition\nPARTN=12', disk: 'nvme0n1' },
  { name: 'mmcblk0p1', uevent: 'DEVTYPE=partition\nPARTN=1', disk: 'mmcblk0' },
  { name: 'md0p1', uevent: 'DEVTYPE=partition\nPARTN=1', disk: 'md0' },
  { name: 'sdp1', uevent: 'DEVTYPE=partition\nPARTN=1', disk: 'sdp' },
  { name: 'sda', uevent: 'DEVTYPE=disk\nPARTNAME=x\nDEVTYPE=partition\nPARTN=1', disk: null },
  { name: 'sda2', uevent: 'DEVTYPE=partition\nPARTN=3', disk: null },
  { name: 'sda2', uevent: 'DEVTYPE=partition', disk: null },
  { name: 'sda2', uevent: '', disk: null },
])('the disk of $name is $disk', ({ name, uevent, disk }) => {
  expect(diskOf(name, uevent)).toBe(disk)
})

test('device names by number, in the spelling of sysfs', () => {
  const text = 'major minor  #blocks  name\n\n 259        0  500107608 nvme0n1\n 104        1      99 cciss/c0d0p1\n'
  const names = readPartitions(text)
  expect(names.kind === 'value' && [...names.value]).toEqual([
    ['259:0', 'nvme0n1'],
    ['104:1', 'cciss!c0d0p1'],
  ])
})

test.each(['', 'major minor  #blocks  name\n\n', 'Zugriff verweigert'])('names no device: %j', (text) => {
  expect(readPartitions(text)).toMatchObject({ kind: 'unreadable' })
})
