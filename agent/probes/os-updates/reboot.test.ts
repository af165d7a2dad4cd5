import { expect, test } from 'vitest'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
import { needrestartAsker } from './needrestart.ts'
import { isKernelReplaced, isRestartOwedByApt } from './reboot.ts'

const running = (release: string) => ({ '/proc/sys/kernel/osrelease': `${release}\n` })
const installed = (...releases: string[]) =>
  Object.fromEntries(releases.map((release) => [`/lib/modules/${release}/modules.dep`, '']))
const OLD = '6.1.0-35-amd64'
const NEW = '6.1.0-37-amd64'
const current = { ...running(NEW), ...installed(OLD, NEW) }

const kernels: readonly ({ name: string; replaced: boolean | null } & Laptop)[] = [
  { name: 'the newest runs', replaced: false, files: current },
  { name: 'a newer one is installed', replaced: true, files: { ...running(OLD), ...installed(OLD, NEW) } },
  {
    name: 'only its headers are',
    replaced: false,
    files: { ...running(OLD), ...installed(OLD), [`/lib/modules/${NEW}/build`]: '' },
  },
  { name: 'another flavour is', replaced: false, files: { ...running(OLD), ...installed(OLD, '6.1.0-37-rt-amd64') } },
  {
    name: 'a kernel of its own, with no folder',
    replaced: null,
    files: { ...running('6.18.4-custom'), ...installed(NEW) },
  },
  {
    name: 'the running one has headers only',
    replaced: null,
    files: { ...running(OLD), [`/lib/modules/${OLD}/build`]: '' },
  },
  { name: 'no kernels at all', replaced: null, files: running(OLD) },
  { name: 'a container', replaced: null, files: { ...running(OLD), ...installed(OLD, NEW), '/.dockerenv': '' } },
  {
    name: 'WSL',
    replaced: null,
    files: { ...running('5.15.1-microsoft-standard-WSL2'), ...installed('5.15.1-microsoft-standard-WSL2') },
  },
  { name: 'nobody says what runs', replaced: null, files: installed(NEW) },
  { name: 'the folder may not be read', replaced: null, files: current, denied: ['/lib/modules'] },
  {
    name: 'the newer one may not be looked at',
    replaced: null,
    files: { ...running(OLD), ...installed(OLD, NEW) },
    denied: [`/lib/modules/${NEW}`],
  },
]

for (const { name, replaced, ...machine } of kernels) {
  test(`kernel: ${name}: ${replaced}`, async () => {
    expect(await isKernelReplaced(laptop(machine))).toBe(replaced)
  })
}

test('where the running kernel is removed by its update, a newer one tells', async () => {
  const files = { ...running('6.11.5-arch1-1'), ...installed('6.11.6-arch1-1') }
  expect(await isKernelReplaced(laptop({ files }), { keepsRunning: false })).toBe(true)
  expect(await isKernelReplaced(laptop({ files }))).toBeNull()
  const custom = { ...running('6.18.4-custom'), ...installed('6.11.6-arch1-1') }
  expect(await isKernelReplaced(laptop({ files: custom }), { keepsRunning: false })).toBeNull()
})

const NEEDRESTART = 'needrestart -b -k -w'
const flag = { '/var/run/reboot-required': '*** restart ***\n' }
const owed: readonly ({ name: string; restart: boolean | null } & Laptop)[] = [
  { name: 'a package asked for it', restart: true, files: { ...current, ...flag } },
  { name: 'the file under its other name', restart: true, files: { '/run/reboot-required': '' } },
  { name: 'nobody asked and the kernel is current', restart: false, files: current },
  { name: 'the packages that asked, without it', restart: true, files: { '/run/reboot-required.pkgs': 'libc6\n' } },
  { name: 'nobody asked, and the kernel is not known', restart: null, files: {} },
  {
    name: 'nobody asked, and needrestart knows the kernel',
    restart: false,
    files: running('6.18.4-custom'),
    programs: { [NEEDRESTART]: { stdout: 'NEEDRESTART-VER: 3.6\nNEEDRESTART-KSTA: 1\n' } },
  },
  {
    name: 'needrestart knows of a newer kernel',
    restart: true,
    files: running('6.18.4-custom'),
    programs: { [NEEDRESTART]: { stdout: 'NEEDRESTART-VER: 3.6\nNEEDRESTART-KSTA: 3\n' } },
  },
  {
    name: 'needrestart knows the kernel of a host',
    restart: null,
    files: { ...running('6.18.4-custom'), '/.dockerenv': '' },
    programs: { [NEEDRESTART]: { stdout: 'NEEDRESTART-VER: 3.6\nNEEDRESTART-KSTA: 1\n' } },
  },
  {
    name: 'needrestart tells a user nothing',
    restart: null,
    files: running('6.18.4-custom'),
    programs: { [NEEDRESTART]: { stdout: 'NEEDRESTART-VER: 3.6\nNEEDRESTART-KSTA: 1\n' } },
    privileged: false,
  },
  { name: 'nobody asked, and the kernel is old', restart: true, files: { ...running(OLD), ...installed(OLD, NEW) } },
  { name: 'who asked may not be read', restart: null, files: current, denied: ['/var/run', '/run'] },
]

for (const { name, restart, ...machine } of owed) {
  test(`restart: ${name}: ${restart}`, async () => {
    const host = laptop(machine)
    const ask = needrestartAsker()
    expect(await isRestartOwedByApt(host, () => ask(host))).toBe(restart)
  })
}
