import { describe, expect, test } from 'vitest'
import { readDmsetupTable } from './dmsetup.ts'
import { mutated } from '../../../../test/fakes/mutations.ts'

function stateOf(stdout: string, name = 'r') {
  const tables = readDmsetupTable(stdout)
  return tables.kind === 'value' ? tables.value.get(name)?.state : tables.kind
}

describe('readDmsetupTable', () => {
  test.each([
    { name: 'a cipher', stdout: 'r: 0 9 crypt aes-xts-plain64 :64:logon:x 0 259:6 1', state: 'on' },
    {
      name: 'the notation of the crypto API',
      stdout: 'r: 0 9 crypt capi:authenc(hmac(sha256),xts(aes))-plain64 :96:logon:x 0 252:0 0',
      state: 'on',
    },
    { name: 'another cipher', stdout: 'r: 0 9 crypt capi:xchacha12,aes-adiantum-plain64 00 0 8:1 0', state: 'on' },
    {
      name: 'two segments',
      stdout: 'r: 0 9 crypt aes-xts-plain64 0 0 8:1 0\nr: 9 9 crypt aes-xts-plain64 0 0 8:1 9',
      state: 'on',
    },
    { name: 'metadata behind zeros', stdout: 'r: 0 9 crypt aes-xts-plain64 0 0 8:1 0\nr: 9 4 zero', state: 'on' },
    { name: 'a null cipher', stdout: 'r: 0 9 crypt cipher_null-ecb 0 0 259:2 4096', state: 'off' },
    {
      name: 'a null cipher of the crypto API',
      stdout: 'r: 0 9 crypt capi:ecb(cipher_null)-null - 0 259:2 0',
      state: 'off',
    },
    {
      name: 'partly a null cipher',
      stdout: 'r: 0 9 crypt aes-xts-plain64 0 0 8:1 0\nr: 9 9 crypt cipher_null-ecb - 0 8:1 9',
      state: 'off',
    },
    {
      name: 'a gap',
      stdout: 'r: 0 9 crypt aes-xts-plain64 0 0 8:1 0\nr: 20 9 crypt aes-xts-plain64 0 0 8:1 9',
      state: null,
    },
    { name: 'a plain part', stdout: 'r: 0 9 crypt aes-xts-plain64 0 0 8:1 0\nr: 9 9 linear 8:1 9', state: null },
    { name: 'integrity only', stdout: 'r: 0 9 integrity 253:2 32768 32 J 1 fix_padding', state: null },
    { name: 'a cipher that nobody knows', stdout: 'r: 0 9 crypt rot13-ecb 00 0 8:1 0', state: null },
    {
      name: 'one mapping asked for, which has no name',
      stdout: '0 9 crypt aes-xts-plain64 00 0 8:1 0',
      state: undefined,
    },
    { name: 'no cipher', stdout: 'r: 0 9 crypt', state: null },
    { name: 'only zeros', stdout: 'r: 0 9 zero', state: null },
    { name: 'no active table', stdout: 'r: \n', state: null },
    { name: 'another mapping', stdout: 's: 0 9 crypt aes-xts-plain64 0 0 8:1 0', state: undefined },
    { name: 'none at all', stdout: 'No devices found\n', state: undefined },
    { name: 'nothing', stdout: '', state: 'unreadable' },
    { name: 'another language', stdout: 'Keine Geräte gefunden', state: 'unreadable' },
    {
      name: 'a line that makes no sense',
      stdout: 'r: 0 9 crypt aes-xts-plain64 0 0 8:1 0\nr: zero',
      state: 'unreadable',
    },
  ])('$name', ({ stdout, state }) => {
    expect(stateOf(stdout)).toBe(state)
  })

  test('of one mapping that was asked for the name is empty', () => {
    expect(stateOf('0 9 crypt aes-xts-plain64 00 0 8:1 0\n', '')).toBe('on')
  })

  test('broken tables never throw, and what is null or plain is never on', () => {
    for (const bad of [
      'r: 0 9999 linear 259:2 18001\nr: 9999 17346 linear 259:2 32768\n',
      'r: 0 15748 integrity 259:2 4096 J\n',
      'r: 0 1574879 crypt cipher_null-ecb 0 0 259:2 4096\n',
    ]) {
      for (let seed = 0; seed < 3400; seed++) expect(stateOf(mutated(bad, seed))).not.toBe('on')
    }
  })
})
