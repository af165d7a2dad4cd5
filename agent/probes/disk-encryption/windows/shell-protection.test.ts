import { expect, test } from 'vitest'
import { mutations } from '../../../../test/fakes/mutations.ts'
import { readShellProtection } from './shell-protection.ts'
import type { ToldVolume } from '../told-volume.ts'

const statesOf = (volumes: string | readonly ToldVolume[]) =>
  typeof volumes === 'string' ? [] : volumes.map(({ state }) => state)

const C = { DriveLetter: 'C:', DriveType: 3, SystemDrive: 'C:' }

function read(it: unknown) {
  const volumes = readShellProtection(typeof it === 'string' ? it : JSON.stringify(it))
  return volumes.kind === 'value' ? volumes.value : volumes.kind
}

test.each([
  { number: 1, state: 'on' },
  { number: '1', state: 'on' },
  { number: 2, state: 'off' },
  { number: 3, state: 'encrypting' },
  { number: 4, state: 'decrypting' },
  { number: 5, state: 'suspended' },
  { number: 6, state: 'locked' },
  { number: 7, state: 'off' },
  { number: 8, state: 'off' },
  { number: 0, state: 'unknown' },
  { number: 9, state: 'unknown' },
  { number: -1, state: 'unknown' },
  { number: 1.5, state: 'unknown' },
  { number: null, state: 'unknown' },
  { number: undefined, state: 'unknown' },
  { number: true, state: 'unknown' },
])('$number is $state', ({ number, state }) => {
  expect(read([{ ...C, BitLockerProtection: number }])).toMatchObject([{ mount: 'C:', role: 'system', state }])
})

test('the system is the drive that says so, and never one that can be carried away', () => {
  const drives = [
    { DriveLetter: 'D:', DriveType: 3, SystemDrive: 'c:', BitLockerProtection: 1 },
    { DriveLetter: 'E:', DriveType: 2, SystemDrive: 'E:', BitLockerProtection: 1 },
    { DriveLetter: 'F:', DriveType: 3, BitLockerProtection: 1 },
    { DriveLetter: '', BitLockerProtection: 1 },
  ]
  const volumes = read([{ ...C, SystemDrive: 'c:', BitLockerProtection: 1 }, ...drives])
  const roles = Array.isArray(volumes) ? volumes.map(({ mount, role }) => [mount, role]) : volumes
  expect(roles).toEqual([
    ['C:', 'system'],
    ['D:', 'data'],
    ['E:', 'removable'],
    ['F:', undefined],
  ])
})

test.each(['', '[]', '1', 'Zugriff verweigert', '[{"BitLockerProtection":1}]'])('unreadable: %j', (text) => {
  expect(read(text)).toBe('unreadable')
})

test('damage never makes a drive protected', () => {
  const text = JSON.stringify([
    { ...C, BitLockerProtection: 2 },
    { ...C, DriveLetter: 'D:', BitLockerProtection: null },
  ])
  for (const damaged of mutations(text, 10_000)) {
    const volumes = read(damaged)
    expect(statesOf(volumes)).not.toContain('on')
  }
})
