import { expect, test } from 'vitest'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readNeedrestart } from './needrestart.ts'

const line = (key: string, text: string | number) => `NEEDRESTART-${key}: ${text}\n`
const VER = line('VER', '3.6')
const KERNELS = line('KCUR', '6.8.0-31-generic') + line('KEXP', '6.8.0-40-generic')

const cases: readonly { name: string; stdout: string; restart: boolean | null; kernel: string | null }[] = [
  { name: 'current', stdout: VER + KERNELS + line('KSTA', 1), restart: false, kernel: '6.8.0-31-generic' },
  {
    name: 'a newer one of the same name',
    stdout: VER + KERNELS + line('KSTA', 2),
    restart: true,
    kernel: '6.8.0-31-generic',
  },
  { name: 'a newer one', stdout: VER + KERNELS + line('KSTA', 3), restart: true, kernel: '6.8.0-31-generic' },
  { name: 'not known', stdout: VER + line('KSTA', 0), restart: null, kernel: null },
  { name: 'the microcode waits', stdout: VER + line('KSTA', 1) + line('UCSTA', 2), restart: true, kernel: null },
  {
    name: 'the microcode is not known',
    stdout: VER + line('KSTA', 1) + line('UCSTA', 0),
    restart: false,
    kernel: null,
  },
  {
    name: 'services wait',
    stdout: VER + line('KSTA', 1) + line('SVC', 'a.service') + line('SVC', 'b.service'),
    restart: false,
    kernel: null,
  },
  {
    name: 'Perl between the lines',
    stdout: `${VER}Use of uninitialized value at /x line 9.\n${line('KSTA', 3)}${line('UCEXP', '')}`,
    restart: true,
    kernel: null,
  },
  {
    name: 'line ends of Windows',
    stdout: (VER + line('KSTA', 3)).replaceAll('\n', '\r\n'),
    restart: true,
    kernel: null,
  },
  { name: 'told to a user', stdout: VER, restart: null, kernel: null },
  { name: 'two states', stdout: VER + line('KSTA', 1) + line('KSTA', 3), restart: null, kernel: null },
]

for (const { name, stdout, restart, kernel } of cases) {
  test(`needrestart: ${name}: ${restart}`, () => {
    expect(readNeedrestart(stdout)).toEqual({ kind: 'value', value: { rebootRequired: restart, kernel } })
  })
}

for (const stdout of ['', 'Scanning processes...\n', line('KSTA', 1)]) {
  test(`needrestart: nothing is drawn from ${JSON.stringify(stdout)}`, () => {
    expect(readNeedrestart(stdout).kind).toBe('unreadable')
  })
}

test('damage never throws, and never makes a restart needless', () => {
  for (const stdout of mutations(VER + KERNELS + line('KSTA', 3) + line('SVC', 'a.service'), 10_000)) {
    const fact = readNeedrestart(stdout)
    expect(fact.kind === 'value' && fact.value.rebootRequired === false).toBe(false)
  }
})
