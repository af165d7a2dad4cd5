import { expect, test } from 'vitest'
import { laptop, type Laptop } from '../../../test/fakes/laptop.ts'
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

const flag = { '/var/run/reboot-required': '*** restart ***\n' }
const owed: readonly ({ name: string; restart: boolean | null } & Laptop)[] = [
  { name: 'a package asked for it', restart: true, files: { ...current, ...flag } },
  { name: 'the file under its other name', restart: true, files: { '/run/reboot-required': '' } },
  { name: 'nobody asked and the kernel is current', restart: false, files: current },
  { name: 'nobody asked, and the kernel is not known', restart: null, files: {} },
  { name: 'nobody asked, and the kernel is old', restart: true, files: { ...running(OLD), ...installed(OLD, NEW) } },
  { name: 'who asked may not be read', restart: null, files: current, denied: ['/var/run', '/run'] },
]

for (const { name, restart, ...machine } of owed) {
  test(`restart: ${name}: ${restart}`, async () => {
    expect(await isRestartOwedByApt(laptop(machine))).toBe(restart)
  })
}
