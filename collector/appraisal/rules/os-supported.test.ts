import { describe, expect, test } from 'vitest'
import type { SignalValue } from '../../../shared/signals.ts'
import { NOW, days, judge } from '../../../test/fakes/rule.ts'
import { osSupported } from './os-supported.ts'

const linux = (id: string, version: string, more: Partial<SignalValue['os']> = {}) => ({
  platform: 'linux',
  name: `Linux ${id}`,
  version,
  build: '',
  arch: 'x64',
  id,
  ...more,
})

test.each([
  {
    name: 'in the catalogue',
    os: linux('debian', '13'),
    verdict: 'pass',
    code: 2,
    why: 'Debian 13 is supported until 2030-06-30 (catalogue of 2026-11-01)',
  },
  {
    name: 'a minor release of a line in the catalogue',
    os: linux('rhel', '9.6'),
    verdict: 'pass',
    code: 2,
    why: 'Red Hat Enterprise Linux 9 is supported until 2032-05-31 (catalogue of 2026-11-01)',
  },
  {
    name: 'known by its name alone, from what reports no ID',
    os: { platform: 'linux', name: 'Debian GNU/Linux', version: '13', build: '', arch: 'x64' },
    verdict: 'pass',
    code: 2,
    why: 'Debian 13 is supported until 2030-06-30 (catalogue of 2026-11-01)',
  },
  {
    name: 'rolling',
    os: linux('arch', ''),
    verdict: 'pass',
    code: 2,
    why: 'Arch Linux is a rolling release (catalogue of 2026-11-01)',
  },
  {
    name: 'out of support',
    os: linux('debian', '11'),
    verdict: 'fail',
    code: 96,
    why: 'Debian 11 is out of support since 2026-08-31 (catalogue of 2026-11-01)',
  },
  {
    name: 'out of support, whatever it says of itself',
    os: linux('debian', '11', { supportEnd: '2040-01-01T00:00:00Z' }),
    verdict: 'fail',
    code: 96,
    why: 'Debian 11 is out of support since 2026-08-31 (catalogue of 2026-11-01)',
  },
  {
    name: 'not in the catalogue',
    os: linux('plan9', '4'),
    verdict: 'unknown',
    code: null,
    why: 'Linux plan9 4 is not in the release catalogue (catalogue of 2026-11-01)',
  },
  {
    name: 'not in the catalogue, but says its end',
    os: linux('fedora', '43', { supportEnd: '2026-12-02T00:00:00Z' }),
    verdict: 'pass',
    code: 2,
    why: 'Linux fedora 43 is supported until 2026-12-01 (as the system itself says)',
  },
  {
    name: 'not in the catalogue, and says that it is over',
    os: linux('fedora', '41', { supportEnd: '2025-12-15T00:00:00Z' }),
    verdict: 'fail',
    code: 96,
    why: 'Linux fedora 41 is out of support since 2025-12-14 (as the system itself says)',
  },
  {
    name: 'Linux without an id',
    os: { ...linux('', ''), id: undefined },
    verdict: 'unknown',
    code: null,
    why: 'Linux is not in the release catalogue (catalogue of 2026-11-01)',
  },
  {
    name: 'Windows, which the catalogue does not know yet',
    os: { ...linux('debian', '13'), platform: 'windows', name: 'Windows 11' },
    verdict: 'unknown',
    code: null,
    why: 'Windows 11 13 is not in the release catalogue (catalogue of 2026-11-01)',
  },
])('a system that is $name: $verdict', ({ os, verdict, code, why }) => {
  expect(judge(osSupported, os)).toMatchObject({ verdict, code, why })
})

describe('support ends at a moment', () => {
  const end = new Date('2030-07-01T00:00:00.000Z')

  test('which is known beforehand', () => {
    expect(judge(osSupported, linux('debian', '13')).until).toEqual(end)
    expect(judge(osSupported, linux('arch', '')).until).toBeUndefined()
  })

  test.each([
    { name: 'a moment before', now: new Date(end.getTime() - 1), verdict: 'pass' },
    { name: 'at the end', now: end, verdict: 'fail' },
  ])('$name: $verdict', ({ now, verdict }) => {
    expect(judge(osSupported, linux('debian', '13'), {}, { now }).verdict).toBe(verdict)
  })

  test('which the system may state to the second', () => {
    const supportEnd = days(1).toISOString()
    expect(judge(osSupported, linux('fedora', '43', { supportEnd }))).toMatchObject({ verdict: 'pass', until: days(1) })
    expect(judge(osSupported, linux('fedora', '43', { supportEnd: NOW.toISOString() })).verdict).toBe('fail')
  })
})
