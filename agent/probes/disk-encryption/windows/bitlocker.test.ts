import { expect, test } from 'vitest'
import { NOTHING_TOLD, protectorOf, toldByBitLocker, type BitLocker } from './bitlocker.ts'

const tpm = ['tpm', 'recovery password'] as const

const cases: { name: string; told: Partial<BitLocker>; state: string; keyProtector?: string; detail?: RegExp }[] = [
  {
    name: 'encrypted and protected',
    told: { conversion: 'encrypted', protection: 'on', protectors: tpm },
    state: 'on',
    keyProtector: 'hardware',
  },
  {
    name: 'a passphrase alone',
    told: { conversion: 'encrypted', protection: 'on', protectors: ['recovery password', 'passphrase'] },
    state: 'on',
    keyProtector: 'passphrase',
  },
  {
    name: 'a recovery password alone',
    told: { conversion: 'encrypted', protection: 'on', protectors: ['recovery password'] },
    state: 'on',
  },
  {
    name: 'a passphrase, and what was cut off',
    told: { conversion: 'encrypted', protection: 'on', protectors: ['passphrase', 'unknown'] },
    state: 'on',
  },
  { name: 'protectors not told', told: { conversion: 'encrypted', protection: 'on' }, state: 'on' },
  {
    name: 'by the drive',
    told: { conversion: 'encrypted', protection: 'on', cipher: 'drive' },
    state: 'on',
    detail: /drive/,
  },
  {
    name: 'suspended',
    told: { conversion: 'encrypted', protection: 'off', protectors: tpm },
    state: 'suspended',
    keyProtector: 'hardware',
  },
  {
    name: 'suspended for two restarts',
    told: { conversion: 'encrypted', protection: 'off', suspendedFor: 2 },
    state: 'suspended',
    detail: /: 2$/,
  },
  {
    name: 'waiting for activation',
    told: { conversion: 'encrypted', protection: 'off', protectors: [] },
    state: 'off',
    detail: /in the clear/,
  },
  { name: 'off, protectors not told', told: { conversion: 'encrypted', protection: 'off' }, state: 'unknown' },
  {
    name: 'encrypting',
    told: { conversion: 'encrypting', protection: 'off', protectors: tpm },
    state: 'encrypting',
    keyProtector: 'hardware',
  },
  { name: 'encrypting, and said to be on', told: { conversion: 'encrypting', protection: 'on' }, state: 'encrypting' },
  {
    name: 'encryption is paused',
    told: { conversion: 'encryption paused', protection: 'off' },
    state: 'encrypting',
    detail: /paused/,
  },
  { name: 'decrypting', told: { conversion: 'decrypting', protection: 'off' }, state: 'decrypting' },
  { name: 'decryption is paused', told: { conversion: 'decryption paused', protection: 'off' }, state: 'decrypting' },
  { name: 'decrypted', told: { conversion: 'decrypted', protection: 'off' }, state: 'off' },
  { name: 'decrypted, protection not told', told: { conversion: 'decrypted' }, state: 'off' },
  { name: 'locked', told: { isLocked: true, protection: 'unknown' }, state: 'locked' },
  {
    name: 'locked, though all is told',
    told: { isLocked: true, conversion: 'encrypted', protection: 'on' },
    state: 'locked',
  },
  { name: 'protection not known, lock not told', told: { protection: 'unknown' }, state: 'locked' },
  { name: 'protection not known, not locked', told: { protection: 'unknown', isLocked: false }, state: 'unknown' },
  { name: 'protection alone', told: { protection: 'on' }, state: 'unknown' },
  { name: 'conversion alone', told: { conversion: 'encrypted' }, state: 'unknown' },
  { name: 'nothing', told: {}, state: 'unknown' },
  { name: 'plain and protected', told: { conversion: 'decrypted', protection: 'on' }, state: 'unknown' },
  {
    name: 'protected by nothing',
    told: { conversion: 'encrypted', protection: 'on', protectors: [] },
    state: 'unknown',
  },
  {
    name: 'encrypted by no cipher',
    told: { conversion: 'encrypted', protection: 'on', cipher: 'none' },
    state: 'unknown',
  },
]

for (const { name, told, state, keyProtector, detail } of cases) {
  test(`${name}: ${state}`, () => {
    const volume = toldByBitLocker({ ...NOTHING_TOLD, mount: 'C:', ...told })
    expect(volume).toMatchObject({ mount: 'C:', state })
    expect(volume.keyProtector).toBe(keyProtector)
    expect(volume.method).toBe(state === 'off' || state === 'unknown' ? undefined : 'bitlocker')
    expect(volume.detail ?? '').toMatch(detail ?? /^/)
  })
}

test('every kind of protector with a TPM is hardware', () => {
  const kinds = Array.from({ length: 12 }, (_, type) => protectorOf(type))
  expect(kinds.flatMap((kind, type) => (kind === 'tpm' ? [type] : []))).toEqual([1, 4, 5, 6, 9])
  expect([protectorOf(3), protectorOf(8), protectorOf(0), protectorOf(99)]).toEqual([
    'recovery password',
    'passphrase',
    'unknown',
    'unknown',
  ])
})
