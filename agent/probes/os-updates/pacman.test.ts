import { expect, test } from 'vitest'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { mutations } from '../../../test/fakes/mutations.ts'
import { readPacmanList } from './pacman-list.ts'
import { osUpdates } from './probe.ts'

const LIST = 'linux 6.11.5.arch1-1 -> 6.11.6.arch1-1\nfoo 1:2-1 -> 1:2.1-1 [ignored]\nxz 5.6.2-1 -> 5.6.3-1\n'

const lists: readonly { name: string; stdout: string; names: string[] | null }[] = [
  { name: 'updates', stdout: LIST, names: ['linux', 'foo', 'xz'] },
  {
    name: 'warnings between them',
    stdout: `warning: foo: local is newer than core\n:: x\n${LIST}`,
    names: ['linux', 'foo', 'xz'],
  },
  { name: 'line ends of Windows', stdout: 'xz 1-1 -> 1-2\r\n', names: ['xz'] },
  { name: 'in colours', stdout: '\u001B[1mxz\u001B[0;32m 1-1\u001B[0m -> \u001B[1;32m1-2\u001B[0m\n', names: ['xz'] },
  { name: 'nothing', stdout: '', names: null },
  { name: 'warnings alone', stdout: 'warning: database file for core does not exist\n', names: null },
  { name: 'an error', stdout: 'error: failed to initialize alpm library\n', names: null },
  { name: 'a line that breaks off', stdout: `${LIST}zlib 1:1.2 -`, names: null },
  { name: 'all that is installed', stdout: 'linux 6.11.5.arch1-1\nxz 5.6.2-1\n', names: null },
]

for (const { name, stdout, names } of lists) {
  test(`pacman lists: ${name}`, () => {
    const fact = readPacmanList(stdout)
    expect(fact.kind === 'value' ? [...fact.value] : null).toEqual(names)
  })
}

const QU = 'pacman -Qu'
const arch = {
  '/etc/os-release': 'NAME="Arch Linux"\nID=arch\nBUILD_ID=rolling\n',
  '/var/lib/pacman/local/xz-5.6.2-1/desc': '',
  '/var/lib/pacman/sync/core.db': 'x',
  '/var/lib/pacman/sync/extra.db': 'x',
}
const { '/var/lib/pacman/sync/core.db': _core, ...withoutCore } = arch

const machines: readonly ({ name: string; security: number | null; pending: number | null } & Laptop)[] = [
  { name: 'updates are missing', security: null, pending: 3, files: arch, programs: { [QU]: { stdout: LIST } } },
  { name: 'nothing is missing', security: 0, pending: 0, files: arch, programs: { [QU]: { exitCode: 1 } } },
  {
    name: 'nothing, without the list of the system',
    security: null,
    pending: null,
    files: withoutCore,
    programs: { [QU]: { exitCode: 1 } },
  },
  {
    name: 'an error',
    security: null,
    pending: null,
    files: arch,
    programs: { [QU]: { exitCode: 1, stderr: 'error: x\n' } },
  },
  { name: 'it ends well and says nothing', security: null, pending: null, files: arch, programs: { [QU]: {} } },
  { name: 'no pacman', security: null, pending: null, files: arch },
]

for (const { name, security, pending, ...machine } of machines) {
  test(`pacman: ${name}`, async () => {
    expect(await osUpdates().probe(laptop(machine))).toMatchObject({
      kind: 'value',
      value: { pendingSecurity: security, pending },
    })
  })
}

test('the fact says why it does not know which are security updates', async () => {
  const host = laptop({ files: arch, programs: { [QU]: { stdout: LIST } } })
  expect(await osUpdates().probe(host)).toMatchObject({
    value: {
      detail: 'Arch Linux does not tell which updates are security updates',
      lastCheckedAt: '2026-11-01T00:00:00.000Z',
      lastInstalledAt: '2026-11-01T00:00:00.000Z',
      automatic: null,
    },
    source: QU,
  })
})

test('pacman is asked again only when a list or the packages changed', async () => {
  const probe = osUpdates().probe
  const machine = { files: arch, programs: { [QU]: { stdout: LIST } } }
  const hosts = [
    laptop(machine),
    laptop(machine),
    laptop({ ...machine, times: { '/var/lib/pacman/local': '2026-11-19T00:00:00Z' } }),
  ]
  for (const host of hosts) await probe(host)
  expect(hosts.map((host) => host.ran.length)).toEqual([1, 0, 1])
})

test('a kernel that was replaced while it runs is gone from the disk: a restart is owed', async () => {
  const files = {
    ...arch,
    '/proc/sys/kernel/osrelease': '6.11.5-arch1-1\n',
    '/lib/modules/6.11.6-arch1-1/modules.dep': '',
  }
  expect(await osUpdates().probe(laptop({ files }))).toMatchObject({ value: { rebootRequired: true } })
})

test('damage never throws, and never makes an answer of nothing', () => {
  for (const stdout of mutations(LIST, 10_000)) {
    const fact = readPacmanList(stdout)
    expect(fact.kind === 'value' && fact.value.size === 0).toBe(false)
  }
})
