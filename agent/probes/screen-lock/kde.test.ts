import { expect, test } from 'vitest'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readKscreenlocker } from './kde.ts'

const OFF = { enabled: false, afterSeconds: null }

const cases: readonly { name: string; system?: string; user: string; expected: object }[] = [
  { name: 'nothing written: the defaults', user: '', expected: { enabled: true, afterSeconds: 300 } },
  { name: 'another time', user: '[Daemon]\nTimeout=10\n', expected: { enabled: true, afterSeconds: 600 } },
  { name: 'off', user: '[Daemon]\nAutolock=false\nTimeout=10\n', expected: OFF },
  { name: 'never', user: '[Daemon]\nTimeout=0\n', expected: OFF },
  { name: 'without a password', user: '[Daemon]\nRequirePassword=false\n', expected: OFF },
  { name: 'without a password, in older versions', user: '[Daemon]\nLock=false\n', expected: OFF },
  { name: 'no password after any time', user: '[Daemon]\nLockGrace=-1\n', expected: OFF },
  { name: 'a long grace', user: '[Daemon]\nLockGrace=300\n', expected: { enabled: true, afterSeconds: 600 } },
  { name: 'another group', user: '[Greeter]\nAutolock=false\n[Daemon]\nTimeout=2\n', expected: { afterSeconds: 120 } },
  {
    name: 'the system before the defaults',
    system: '[Daemon]\nTimeout=3\n',
    user: '',
    expected: { afterSeconds: 180 },
  },
  {
    name: 'the user before the system',
    system: '[Daemon]\nTimeout=3\n',
    user: '[Daemon]\nTimeout=9',
    expected: { afterSeconds: 540 },
  },
  {
    name: 'a key that is fixed',
    system: '[Daemon]\nTimeout[$i]=3\n',
    user: '[Daemon]\nTimeout=9',
    expected: { afterSeconds: 180 },
  },
  {
    name: 'a group that is fixed',
    system: '[Daemon][$i]\nTimeout=3\n',
    user: '[Daemon]\nTimeout=9',
    expected: { afterSeconds: 180 },
  },
]

for (const { name, system = '', user, expected } of cases) {
  test(`kde: ${name}`, () => {
    expect(readKscreenlocker(system, user)).toMatchObject({ kind: 'value', value: expected })
  })
}

for (const user of [
  '[Daemon]\nTimeout=abc',
  '[Daemon]\nAutolock=vielleicht',
  '[Daemon]\nTimeout=',
  '[Daemon]\nLockGrace=x',
  'kscreenlockerrc: Permission denied',
  'Autolock=true',
  '[{"Autolock":true}]',
  '[]',
  '<html><body class="x">not found</body></html>',
]) {
  test(`kde: nothing is drawn from ${JSON.stringify(user)}`, () => {
    expect(readKscreenlocker('', user).kind).toBe('unreadable')
  })
}

test('kde: damage never throws and never gives a time that is not there', () => {
  for (const text of mutations('[Daemon]\nAutolock=true\nTimeout=15\nLockGrace=5\n', 10_000)) {
    const fact = readKscreenlocker(text, text)
    const seconds = fact.kind === 'value' ? (fact.value.afterSeconds ?? 1) : 1
    expect(Number.isInteger(seconds) && seconds > 0 && seconds <= 31_536_000).toBe(true)
  }
})
