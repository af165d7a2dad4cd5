import { describe, expect, test } from 'vitest'
import type { SignalValue } from '../../shared/signals.ts'
import { compareVersions, installedVersion, lineNameOf, nameOf, numbersShared, versionOf } from './versions.ts'

const version = (text: string) => {
  const it = versionOf(text)
  if (!it) throw new Error(`${text} is no version`)
  return it
}

test.each([
  ['26.6.2', { numbers: [26, 6, 2], response: '' }],
  ['13.4.1 (c)', { numbers: [13, 4, 1], response: 'c' }],
  ['13.4.1(c)', { numbers: [13, 4, 1], response: 'c' }],
  ['26100.4652', { numbers: [26100, 4652], response: '' }],
  ['24.04', { numbers: [24, 4], response: '' }],
])('%s is a version', (text, expected) => {
  expect(versionOf(text)).toEqual(expected)
})

test.each([
  '',
  ' ',
  '.',
  '1.',
  '.1',
  '1..2',
  'v1',
  '24H2',
  '1.2-3',
  '1 (abc)',
  '1 (A)',
  '1 ()',
  '1\n',
  '-1',
  '1e3',
  '1234567890',
])('"%s" is none', (text) => {
  expect(versionOf(text)).toBeNull()
})

describe('versions are compared number by number', () => {
  test.each([
    ['26.6.2', '26.6.1', 1],
    ['26.10', '26.9', 1],
    ['26', '15.7.2', 1],
    ['10.15.7', '11.0', -1],
    ['26.0', '26', 0],
    ['26.0.1', '26', 1],
    ['26100.4652', '26100.13', 1],
    ['26.3.1 (a)', '26.3.1', 1],
    ['26.3.1 (b)', '26.3.1 (a)', 1],
    ['26.3.1 (a)', '26.3.1 (a)', 0],
    ['26.3.1 (aa)', '26.3.1 (z)', 1],
    ['26.3.1 (c)', '26.3.2', -1],
  ])('%s and %s: %i', (one, other, expected) => {
    expect(Math.sign(compareVersions(version(one), version(other)))).toBe(expected)
    expect(Math.sign(compareVersions(version(other), version(one)))).toBe(expected === 0 ? 0 : -expected)
  })
})

test('a beta comes before what it becomes, and after all before that', () => {
  const beta = { ...version('26.3'), isBeta: true as const }
  for (const newer of ['26.3', '26.3 (a)', '26.3.1']) {
    expect(compareVersions(beta, version(newer))).toBeLessThan(0)
    expect(compareVersions(version(newer), beta)).toBeGreaterThan(0)
  }
  expect(compareVersions(beta, version('26.2 (a)'))).toBeGreaterThan(0)
  expect(compareVersions(beta, beta)).toBe(0)
})

test.each([
  ['15.7.2', '15.7.1', 2],
  ['15.7', '15.7.1', 2],
  ['15.7.1', '15.7', 2],
  ['15', '26', 0],
])('%s and %s share %i numbers', (one, other, expected) => {
  expect(numbersShared(version(one), version(other))).toBe(expected)
})

const os = (more: Partial<SignalValue['os']>): SignalValue['os'] => ({
  platform: 'linux',
  name: 'System',
  version: '',
  build: '',
  arch: 'x86_64',
  ...more,
})

describe('what is installed', () => {
  test.each<{ name: string; of: Partial<SignalValue['os']>; expected: string | null; named: string }>([
    {
      name: 'the build of Windows',
      of: { platform: 'windows', name: 'Windows 11', version: '24H2', build: '26100.4652' },
      expected: '26100.4652',
      named: 'Windows 11 24H2 (26100.4652)',
    },
    {
      name: 'the version of macOS, whatever its build',
      of: { platform: 'macos', name: 'macOS', version: '26.6.2', build: '25G83' },
      expected: '26.6.2',
      named: 'macOS 26.6.2',
    },
    {
      name: 'the version of macOS with its rapid response',
      of: { platform: 'macos', name: 'macOS', version: '26.3.1', build: '25D771280a', rapidResponse: '(a)' },
      expected: '26.3.1 (a)',
      named: 'macOS 26.3.1 (a)',
    },
    {
      name: 'the point release of Debian',
      of: { version: '12', build: '12.11' },
      expected: '12.11',
      named: 'System 12.11',
    },
    { name: 'a version of Linux', of: { version: '9.6' }, expected: '9.6', named: 'System 9.6' },
    {
      name: 'not an image of Linux',
      of: { version: '3.7', build: '20250929.1' },
      expected: '3.7',
      named: 'System 3.7',
    },
    { name: 'nothing on a rolling release', of: { build: 'rolling' }, expected: null, named: 'System' },
    {
      name: 'no more of a version than is told',
      of: { version: '1', build: '12.5' },
      expected: '1',
      named: 'System 1',
    },
  ])('is $name', ({ of, expected, named }) => {
    expect(installedVersion(os(of))).toEqual(expected === null ? null : version(expected))
    expect(nameOf(os(of))).toBe(named)
  })

  test.each([
    ['26B5045e', true],
    ['26A5194q', true],
    ['26B78', false],
    ['25A8364', false],
    ['25D771280a', false],
    ['', false],
  ])('is a beta of macOS by its build %s: %s', (build, isBeta) => {
    const mac = os({ platform: 'macos', name: 'macOS', version: '27.1', build })
    expect(installedVersion(mac)?.isBeta).toBe(isBeta || undefined)
    expect(nameOf(mac)).toBe(isBeta ? 'macOS 27.1 beta' : 'macOS 27.1')
    expect(installedVersion({ ...mac, version: '' })).toBeNull()
  })
})

test.each([
  ['windows', '26100.4652', '26100'],
  ['macos', '26.6.2', '26'],
  ['macos', '11.7.11', '11'],
  ['macos', '10.15.7', '10.15'],
  ['macos', '10', '10.0'],
] as const)('the line on %s of %s is %s', (platform, text, expected) => {
  expect(lineNameOf(platform, version(text))).toBe(expected)
})
