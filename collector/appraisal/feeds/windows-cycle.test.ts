import { expect, test } from 'vitest'
import { windowsBuildOf, windowsCycleOf } from './windows-cycle.ts'

test.each([
  ['11-24h2-w', 'Windows 11 24H2 Home and Pro', ['home-pro']],
  ['11-24h2-e', 'Windows 11 24H2 Enterprise and Education', ['enterprise']],
  ['11-24h2-e-lts', 'Windows 11 24H2 Enterprise LTSC', ['ltsc']],
  ['11-24h2-iot-lts', 'Windows 11 24H2 IoT Enterprise LTSC', ['iot-ltsc']],
  ['10-22h2', 'Windows 10 22H2', ['home-pro', 'enterprise']],
  ['10-1507', 'Windows 10 1507', ['home-pro', 'enterprise']],
  ['Windows 10, version 21H2 (E)', 'Windows 10 21H2 Enterprise and Education', ['enterprise']],
  ['Windows 10, version 21H1 (E)(W)', 'Windows 10 21H1', ['home-pro', 'enterprise']],
  ['11 24H2 (E) (LTS)', 'Windows 11 24H2 Enterprise LTSC', ['ltsc']],
  ['8.1', 'Windows 8.1', null],
  ['7-sp1', 'Windows 7 SP1', null],
])('%s', (name, title, editions) => {
  expect(windowsCycleOf(name)).toEqual({ title, editions })
})

test.each([
  '',
  'e',
  'windows',
  '10-1507-iot',
  '11-24h2-x',
  '11-24h2-e-arm',
  '11-24h2-lts',
  'h2-11',
  '11-1-2-3',
  '24h2',
])('of "%s" nobody knows whom its end is for', (name) => {
  expect(windowsCycleOf(name)).toBeNull()
})

test.each([
  ['10.0.26100', '26100'],
  ['10.0.26100.4652', '26100'],
  ['6.3.9600', '9600'],
  ['10.0', null],
  ['26100', null],
  ['10.0.26100-beta', null],
])('the build of %s', (version, build) => {
  expect(windowsBuildOf(version)).toBe(build)
})
