import { expect, test } from 'vitest'
import { newerKernels } from './kernels.ts'

const cases: readonly { running: string; installed: string[]; newer: string[]; why: string }[] = [
  { running: '6.8.0-31-generic', installed: ['6.8.0-31-generic'], newer: [], why: 'the running one alone' },
  {
    running: '6.8.0-31-generic',
    installed: ['6.8.0-9-generic', '6.8.0-151-generic'],
    newer: ['6.8.0-151-generic'],
    why: 'numbers are not text',
  },
  { running: '6.8.0-31-generic', installed: ['6.8.0-40-lowlatency'], newer: [], why: 'another flavour' },
  {
    running: '6.1.0-35-amd64',
    installed: ['6.1.0-37-rt-amd64', '6.1.0-37-cloud-amd64'],
    newer: [],
    why: 'Debian flavours',
  },
  {
    running: '6.1.0-37-amd64',
    installed: ['6.12.30+deb13-amd64'],
    newer: ['6.12.30+deb13-amd64'],
    why: 'Debian 12 to 13',
  },
  {
    running: '4.18.0-80.el8.x86_64',
    installed: ['4.18.0-80.4.2.el8_0.x86_64'],
    newer: ['4.18.0-80.4.2.el8_0.x86_64'],
    why: 'more numbers are newer',
  },
  { running: '4.18.0-80.4.2.el8_0.x86_64', installed: ['4.18.0-80.el8.x86_64'], newer: [], why: 'and fewer are older' },
  {
    running: '6.11.4-200.fc40.x86_64',
    installed: ['6.11.4-201.fc40.x86_64', '6.11.4-200.fc41.x86_64'],
    newer: ['6.11.4-201.fc40.x86_64', '6.11.4-200.fc41.x86_64'],
    why: 'Fedora',
  },
  { running: '5.14.0-70.el9.x86_64', installed: ['5.14.0-71.el9.x86_64+debug'], newer: [], why: 'a debug kernel' },
  {
    running: '5.14.0-70.el9.x86_64',
    installed: ['5.15.0-0.30.19.el9uek.x86_64'],
    newer: [],
    why: "Oracle's second kernel",
  },
  {
    running: '6.9.1-arch1-1',
    installed: ['6.9.2-arch1-1', '6.9.3-zen1-1-zen', '6.6.30-1-lts'],
    newer: ['6.9.2-arch1-1'],
    why: 'Arch',
  },
  {
    running: '6.6.63-1-MANJARO',
    installed: ['6.6.65-1-MANJARO', '6.12.4-1-MANJARO'],
    newer: ['6.6.65-1-MANJARO'],
    why: 'Manjaro has several series',
  },
  {
    running: '6.4.0-150600.23.7-default',
    installed: ['6.4.0-150600.23.25-default'],
    newer: ['6.4.0-150600.23.25-default'],
    why: 'openSUSE',
  },
  { running: '6.6.31-0-lts', installed: ['6.6.32-0-lts', '6.9.1-0-edge'], newer: ['6.6.32-0-lts'], why: 'Alpine' },
  { running: '', installed: ['6.1.0-37-amd64'], newer: [], why: 'no running kernel' },
  { running: 'Permission denied', installed: ['6.1.0-37-amd64'], newer: [], why: 'no kernel at all' },
  { running: '6.1.0-35-amd64', installed: ['build', '', 'extra', '..'], newer: [], why: 'folders that are no kernels' },
]

for (const { running, installed, newer, why } of cases) {
  test(`kernels: ${why}`, () => {
    expect(newerKernels(running, installed)).toEqual(newer)
  })
}
