import { expect, test } from 'vitest'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readAptList } from './apt-list.ts'

const WARNING = '\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n'
const ROWS =
  'curl/noble-updates,noble-security 8.5.0-2ubuntu10.6 amd64 [upgradable from: 8.5.0-2ubuntu10]\nlibc6/noble-updates 2.39-0ubuntu8.4 amd64 [upgradable from: 2.39-0ubuntu8]\nlibc6/noble-updates 2.39-0ubuntu8.4 i386 [upgradable from: 2.39-0ubuntu8]\n'

const cases: readonly { name: string; stdout: string; pending: string[] | null; security: string[] }[] = [
  {
    name: 'rows',
    stdout: `${WARNING}Listing...\n${ROWS}`,
    pending: ['curl:amd64', 'libc6:amd64', 'libc6:i386'],
    security: ['curl:amd64'],
  },
  {
    name: 'in German',
    stdout: 'Auflistung… Fertig\ncurl/stable-security 7.88.1-10 amd64 [aktualisierbar von: 7.88.1-9]\n',
    pending: ['curl:amd64'],
    security: ['curl:amd64'],
  },
  {
    name: 'in French and Japanese',
    stdout:
      'En train de lister… Fait\ncurl/stable 7 amd64 [pouvant être mis à jour depuis : 6]\nbash/stable 5 amd64 [4 からアップグレード可]\n',
    pending: ['curl:amd64', 'bash:amd64'],
    security: [],
  },
  {
    name: 'a hint behind them',
    stdout: `${ROWS}N: There is 1 additional version.\n`,
    pending: ['curl:amd64', 'libc6:amd64', 'libc6:i386'],
    security: ['curl:amd64'],
  },
  {
    name: 'testing-security holds next to nothing',
    stdout: 'a/testing-security 2 all [upgradable from: 1]\n',
    pending: ['a:all'],
    security: [],
  },
  { name: 'the heading alone', stdout: 'Listing... Done\n', pending: [], security: [] },
  { name: 'a warning alone', stdout: WARNING, pending: null, security: [] },
  { name: 'the heading alone, in German', stdout: 'Auflistung… Fertig\n', pending: null, security: [] },
  { name: 'nothing', stdout: '', pending: null, security: [] },
  { name: 'an error', stdout: 'E: Could not open lock file\n', pending: null, security: [] },
  { name: 'a row that breaks off', stdout: `${ROWS}dpkg/noble-sec`, pending: null, security: [] },
]

for (const { name, stdout, pending, security } of cases) {
  test(`apt list: ${name}`, () => {
    const fact = readAptList(stdout)
    const found = fact.kind === 'value' ? fact.value : null
    expect([found && [...found.pending], [...(found?.security ?? [])]]).toEqual([pending, security])
  })
}

test('damage never throws, and never makes nothing of rows', () => {
  for (const stdout of mutations(`Listing...\n${ROWS}`, 10_000)) {
    const fact = readAptList(stdout)
    expect(fact.kind === 'value' && fact.value.pending.size === 0 && stdout.includes('[upgradable from: ')).toBe(false)
  }
})
