import { expect, test } from 'vitest'
import { readSimulation } from './apt-simulation.ts'
import { mutations } from '../../../test/fakes/mutations.ts'

const END = '1 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.\n'
const NONE = '0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n'
const both = 'Inst curl [1.0] (1.1 Ubuntu:24.04/noble-updates, Ubuntu:24.04/noble-security [amd64])\n'

const cases: readonly { name: string; stdout: string; upgrades: string[]; security: string[] }[] = [
  { name: 'one of two origins is security', stdout: both + END, upgrades: ['curl'], security: ['curl'] },
  {
    name: 'lines repeat, Conf and Remv count for nothing',
    stdout: `${both}${both.replace('Inst', 'Conf')}${both.replace('Inst curl', 'Remv wget')}${both}`,
    upgrades: ['curl'],
    security: ['curl'],
  },
  {
    name: 'a new package is no update',
    stdout: 'Inst new (1.1 Debian-Security:12/stable-security [amd64])\n' + END.replace('1', '0'),
    upgrades: [],
    security: [],
  },
  {
    name: 'what waits for it stands behind',
    stdout:
      'Inst a [1] (2 Debian-Security:12/stable-security [amd64]) [b:amd64 ]\nInst b [1] (2 Debian:12.9/stable [all]) []\n',
    upgrades: ['a', 'b'],
    security: ['a'],
  },
  {
    name: 'the fixes of Ubuntu Pro',
    stdout: 'Inst a [1] (2 UbuntuESMApps:24.04/noble-apps-security [amd64])\n',
    upgrades: ['a'],
    security: ['a'],
  },
  {
    name: 'somebody else calls a suite so',
    stdout: 'Inst a [1] (2 Vendor:1/noble-security [amd64])\n',
    upgrades: ['a'],
    security: [],
  },
  { name: 'nothing at all', stdout: `Reading package lists...\n${NONE}`, upgrades: [], security: [] },
]

for (const { name, stdout, upgrades, security } of cases) {
  test(`apt-get -s: ${name}`, () => {
    const found = readSimulation(stdout)
    expect([...(found?.upgrades ?? ['?'])]).toEqual(upgrades)
    expect([...(found?.security ?? ['?'])]).toEqual(security)
  })
}

const none: readonly { stdout: string; isNonePending: boolean }[] = [
  { stdout: NONE, isNonePending: true },
  { stdout: '0 upgraded, 0 newly installed, 0 to remove and 3 not upgraded.\n', isNonePending: false },
  { stdout: both + END, isNonePending: false },
  { stdout: '0 aktualisiert, 0 neu installiert, 0 zu entfernen und 0 nicht aktualisiert.\n', isNonePending: true },
  { stdout: '0 upgraded, 0 newly installed, 2 downgraded, 0 to remove and 0 not upgraded.\n', isNonePending: true },
  { stdout: '0 aktualisiert, 0 neu installiert, 0 zu entfernen und 4 nicht aktualisiert.\n', isNonePending: false },
  { stdout: both + NONE, isNonePending: false },
]

for (const { stdout, isNonePending } of none) {
  test(`apt-get -s: ${isNonePending ? 'nothing' : 'something'} is pending: ${JSON.stringify(stdout.slice(-70))}`, () => {
    expect(readSimulation(stdout)?.isNonePending).toBe(isNonePending)
  })
}

const meaningless = [
  '',
  '\n',
  'Reading package lists...\nBuilding dependency tree...\n',
  'E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\n',
  '2 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.\n',
  `Reading package lists...\n${both}`,
  'Need to get 0 B/0 B of archives.\nAfter this operation, 0 B of additional disk space will be used.\n',
  'WARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n',
]

for (const stdout of meaningless) {
  test(`apt-get -s: no answer: ${JSON.stringify(stdout.slice(0, 40))}`, () => {
    expect(readSimulation(stdout)).toBeNull()
  })
}

test('apt-get -s: digits in the names of packages are no counts', () => {
  const names = 'The following packages will be upgraded:\n  libacl1 libattr1 libbz2-1.0 libc6\n  g++ 4 a5 b6 c7\n'
  const newer = 'Summary:\n  Upgrading: 1, Installing: 0, Removing: 0, Not Upgrading: 3\n'
  const korean = '1개 업그레이드, 0개 새로 설치, 0개 제거 및 3개 업그레이드 안 함.\n'
  for (const end of [newer, korean]) expect(readSimulation(names + both + end)).toMatchObject({ keptBack: 3 })
})

test('apt-get -s: what is kept back is pending too, and repeated lines are one package', () => {
  const end = '1 upgraded, 0 newly installed, 0 to remove and 2 not upgraded.\n'
  expect(readSimulation(`${end}${both}${both}`)).toMatchObject({ keptBack: 2, isNonePending: false })
  expect(readSimulation(both)).toMatchObject({ keptBack: null })
  expect(readSimulation('Inst local [1] (2 [amd64])\n')?.upgrades.size).toBe(1)
})

test('damage never makes nothing of something', () => {
  for (const stdout of mutations(both + END, 10_000)) expect(readSimulation(stdout)?.isNonePending ?? false).toBe(false)
})
