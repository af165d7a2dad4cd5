import { expect, test } from 'vitest'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readApkList } from './apk-list.ts'
import { osUpdates } from './probe.ts'

const HEADING = 'Installed:                                Available:\n'
const VERSION = `${HEADING}busybox-1.36.1-r15                      < 1.36.1-r19 \npy3-idna-3.4-r4                         < 3.4-r5 @edge\n`
const LIST =
  'busybox-1.36.1-r19 x86_64 {busybox} (GPL-2.0-only) [upgradable from: busybox-1.36.1-r15]\nmusl-1.2.4-r2 x86_64 {musl} (MIT AND (X OR Y)) [installed]\n'

const lists: readonly { name: string; stdout: string; names: string[] | null }[] = [
  { name: 'version', stdout: VERSION, names: ['busybox', 'py3-idna'] },
  {
    name: 'version of all',
    stdout: `${VERSION}musl-1.2.4-r2 = 1.2.4-r2\nold-1-r0 ?\nnew-2-r0 > 1-r0\n`,
    names: ['busybox', 'py3-idna'],
  },
  { name: 'the heading alone: nothing is older', stdout: HEADING, names: [] },
  { name: 'list', stdout: LIST, names: ['busybox'] },
  {
    name: 'a warning before it',
    stdout: `WARNING: opening from cache: No such file\n${VERSION}`,
    names: ['busybox', 'py3-idna'],
  },
  {
    name: 'indexes fetched before it',
    stdout: `fetch https://example.org/v3.20/main/x86_64/APKINDEX.tar.gz\nv3.20.3-1-g0a1b [https://example.org/v3.20/main]\nOK: 24000 distinct packages available\n${VERSION}`,
    names: ['busybox', 'py3-idna'],
  },
  { name: 'nothing', stdout: '', names: null },
  { name: 'a warning alone', stdout: 'WARNING: opening from cache: No such file\n', names: null },
  { name: 'an error', stdout: 'ERROR: Unable to lock database: Permission denied\n', names: null },
  { name: 'a line that breaks off', stdout: `${VERSION}musl-1.2`, names: null },
]

for (const { name, stdout, names } of lists) {
  test(`apk lists: ${name}`, () => {
    const fact = readApkList(stdout)
    expect(fact.kind === 'value' ? [...fact.value] : null).toEqual(names)
  })
}

const APK = 'apk --no-network version -l <'
const INDEX = '/var/cache/apk/APKINDEX.0a1b2c3d.tar.gz'
const alpine = {
  '/etc/os-release': 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.3\n',
  '/lib/apk/db/installed': 'x',
  [INDEX]: 'x',
}
const { [INDEX]: _index, ...withoutIndex } = alpine

const machines: readonly ({ name: string; security: number | null; pending: number | null } & Laptop)[] = [
  { name: 'updates are missing', security: null, pending: 2, files: alpine, programs: { [APK]: { stdout: VERSION } } },
  { name: 'nothing is missing', security: 0, pending: 0, files: alpine, programs: { [APK]: { stdout: HEADING } } },
  {
    name: 'nothing, without an index',
    security: null,
    pending: null,
    files: withoutIndex,
    programs: { [APK]: { stdout: HEADING } },
  },
  {
    name: 'an index of the admin',
    security: 0,
    pending: 0,
    files: { ...withoutIndex, '/etc/apk/cache/APKINDEX.0a.tar.gz': 'x' },
    programs: { [APK]: { stdout: HEADING } },
  },
  {
    name: 'an error',
    security: null,
    pending: null,
    files: alpine,
    programs: { [APK]: { exitCode: 99, stdout: HEADING } },
  },
  { name: 'no answer', security: null, pending: null, files: alpine, programs: { [APK]: {} } },
  { name: 'no apk', security: null, pending: null, files: alpine },
]

for (const { name, security, pending, ...machine } of machines) {
  test(`apk: ${name}`, async () => {
    expect(await osUpdates().probe(laptop(machine))).toMatchObject({
      kind: 'value',
      value: { pendingSecurity: security, pending },
    })
  })
}

test('apk is asked again only when an index or the packages changed', async () => {
  const probe = osUpdates().probe
  const machine = { files: alpine, programs: { [APK]: { stdout: VERSION } } }
  const hosts = [laptop(machine), laptop(machine), laptop({ ...machine, times: { [INDEX]: '2026-11-19T00:00:00Z' } })]
  for (const host of hosts) await probe(host)
  expect(hosts.map((host) => host.ran.length)).toEqual([1, 0, 1])
})

test('damage never throws, and never hides what is older', () => {
  for (const stdout of mutations(VERSION, 10_000)) {
    const fact = readApkList(stdout)
    const isStated = /^\S+-\d\S*-r\d+ +< /m.test(stdout)
    expect(fact.kind === 'value' && fact.value.size === 0 && isStated).toBe(false)
  }
})
