import { describe, expect, test } from 'vitest'
import type { SignalValue } from '../../shared/signals.ts'
import { parseCatalogue } from './catalogue.ts'
import { supportEndOf, supportLineOf } from './support-line.ts'

type Os = SignalValue['os']

/** What a complete catalogue says of a few systems; the four ends of one build are those of the vendor. */
const CATALOGUE = parseCatalogue(`
date: 2026-11-01
lines:
  - { id: windows, version: 26100, editions: [home-pro], name: 24H2 Home and Pro, supportedUntil: 2026-10-13 }
  - { id: windows, version: 26100, editions: [enterprise], name: 24H2 Enterprise, supportedUntil: 2027-10-12 }
  - { id: windows, version: 26100, editions: [ltsc], name: LTSC 2024, supportedUntil: 2029-10-09 }
  - { id: windows, version: 26100, editions: [iot-ltsc], name: IoT LTSC 2024, supportedUntil: 2034-10-10 }
  - { id: windows, version: 26200, editions: [home-pro], name: 25H2 Home and Pro, supportedUntil: 2027-10-12 }
  - { id: windows, version: 26200, name: 25H2, supportedUntil: 2028-10-10 }
  - { id: windows, version: 20348, editions: [server], name: Server 2022, supportedUntil: 2031-10-14 }
  - id: windows
    version: 19045
    name: 22H2
    supportedUntil: 2025-10-14
    extended: [{ until: 2026-10-13, above: 19045.6456 }, { until: 2027-10-12, above: 19045.7663 }]
  - { id: macos, version: 10.15, name: macOS 10.15, supportedUntil: 2022-09-12 }
  - { id: macos, version: 26, name: macOS 26, supportedUntil: '-' }
  - { id: ubuntu, version: 24, name: Ubuntu 24, supportedUntil: 2024-01-01 }
  - { id: ubuntu, version: 24.10, name: Ubuntu 24.10, supportedUntil: 2025-07-10 }
  - { id: alpine, version: 3.20, name: Alpine 3.20, supportedUntil: 2026-04-01 }
  - { id: rhel, version: 9, name: RHEL 9, supportedUntil: 2032-05-31 }
  - { id: centos, version: 8, name: CentOS 8, supportedUntil: 2021-12-31 }
  - { id: centos-stream, version: 8, name: CentOS Stream 8, supportedUntil: 2024-05-31 }
  - { id: debian, version: 12, name: Debian 12, supportedUntil: 2028-06-30 }
  - { id: arch, version: '-', name: Arch, supportedUntil: '-' }
`)

const os = (more: Partial<Os>): Os => ({
  platform: 'linux',
  name: 'System',
  version: '',
  build: '',
  arch: 'x86_64',
  ...more,
})
const windows = (build: string, edition?: string) =>
  os({ platform: 'windows', name: 'Windows 11', build, ...(edition !== undefined && { edition }) })
const macos = (version: string) => os({ platform: 'macos', name: 'macOS', version })
const linux = (id: string, version: string, name = `Linux ${id}`) => os({ id, version, name })

const lineOf = (it: Os) => {
  const found = supportLineOf(CATALOGUE, it)
  return found.ok ? found.value.name : found.problem
}

describe('the line of', () => {
  test.each([
    { of: windows('26100.4652', 'Core'), line: '24H2 Home and Pro' },
    { of: windows('26100.4652', 'Professional'), line: '24H2 Home and Pro' },
    { of: windows('26100.4652', 'Education'), line: '24H2 Enterprise' },
    { of: windows('26100.4652', 'EnterpriseS'), line: 'LTSC 2024' },
    { of: windows('26100.4652', 'IoTEnterpriseS'), line: 'IoT LTSC 2024' },
    { of: windows('26100', 'IoTEnterpriseS'), line: 'IoT LTSC 2024' },
    { of: windows('26100.4652', 'ServerStandard'), line: 'Windows 11 (26100.4652) is not in the release catalogue' },
    { of: windows('20348.3807', 'ServerStandard'), line: 'Server 2022' },
    { of: windows('20348.3807', 'Professional'), line: 'Windows 11 (20348.3807) is not in the release catalogue' },
    {
      of: windows('26100.4652', 'PPIPro'),
      line: 'the end of support of Windows 11 (26100.4652) hangs on its edition, and the edition PPIPro is none that is known',
    },
    {
      of: windows('26100.4652'),
      line: 'the end of support of Windows 11 (26100.4652) hangs on its edition, and the edition is not told',
    },
    { of: windows('26200.7171', 'Core'), line: '25H2 Home and Pro' },
    { of: windows('26200.7171', 'Enterprise'), line: '25H2' },
    {
      of: windows('26200.7171'),
      line: 'the end of support of Windows 11 (26200.7171) hangs on its edition, and the edition is not told',
    },
    { of: windows('19045.6456'), line: '22H2' },
    { of: windows('19045.6456', 'PPIPro'), line: '22H2' },
    { of: windows('27842.1000', 'Core'), line: 'Windows 11 (27842.1000) is not in the release catalogue' },
    { of: windows('2610.1', 'Core'), line: 'Windows 11 (2610.1) is not in the release catalogue' },
    { of: windows('newest', 'Core'), line: 'Windows 11 (newest) is not in the release catalogue' },
  ])('Windows $of.build $of.edition: $line', ({ of, line }) => {
    expect(lineOf(of)).toBe(line)
  })

  test.each([
    { of: macos('10.15.7'), line: 'macOS 10.15' },
    { of: macos('26.6.2'), line: 'macOS 26' },
    { of: macos('26'), line: 'macOS 26' },
    { of: macos('10.14.6'), line: 'macOS 10.14.6 is not in the release catalogue' },
    { of: macos('28.0'), line: 'macOS 28.0 is not in the release catalogue' },
    { of: macos(''), line: 'macOS is not in the release catalogue' },
  ])('macOS $of.version: $line', ({ of, line }) => {
    expect(lineOf(of)).toBe(line)
  })

  test.each([
    { of: linux('ubuntu', '24.10'), line: 'Ubuntu 24.10' },
    { of: linux('ubuntu', '24.04'), line: 'Ubuntu 24' },
    { of: linux('alpine', '3.20.3'), line: 'Alpine 3.20' },
    { of: linux('alpine', '3.2.3'), line: 'Linux alpine 3.2.3 is not in the release catalogue' },
    { of: linux('rhel', '9.6'), line: 'RHEL 9' },
    { of: linux('rhel', '10.0'), line: 'Linux rhel 10.0 is not in the release catalogue' },
    { of: linux('rhel', '90'), line: 'Linux rhel 90 is not in the release catalogue' },
    { of: linux('centos', '8', 'CentOS Linux'), line: 'CentOS 8' },
    { of: linux('centos', '8', 'CentOS Stream'), line: 'CentOS Stream 8' },
    { of: linux('centos', '10', 'CentOS Stream'), line: 'CentOS Stream 10 is not in the release catalogue' },
    { of: linux('arch', ''), line: 'Arch' },
    { of: linux('arch', '20261101'), line: 'Arch' },
    { of: { ...linux('debian', '12'), build: '12.11' }, line: 'Debian 12' },
    {
      of: linux('debian', ''),
      line: 'Linux debian tells no version, as releases that are still being made do',
    },
    { of: os({ name: 'Debian GNU/Linux', version: '12' }), line: 'Debian 12' },
    { of: linux('plan9', '9'), line: 'Linux plan9 9 is not in the release catalogue' },
    { of: linux('windows', '26100'), line: 'Linux windows 26100 is not in the release catalogue' },
    { of: os({ name: '' }), line: ' is not in the release catalogue' },
  ])('Linux $of.id $of.version $of.name: $line', ({ of, line }) => {
    expect(lineOf(of)).toBe(line)
  })
})

const endOf = (it: Os) => {
  const found = supportLineOf(CATALOGUE, it)
  if (!found.ok) throw new Error(found.problem)
  return supportEndOf(found.value, it)
}
const day = (it: string) => new Date(`${it}T00:00:00.000Z`)

describe('the end of support', () => {
  test.each([
    { of: windows('19045.6456'), at: '2025-10-15', isExtended: false },
    { of: windows('19045.6457'), at: '2026-10-14', isExtended: true },
    { of: windows('19045.7663'), at: '2026-10-14', isExtended: true },
    { of: windows('19045.7664'), at: '2027-10-13', isExtended: true },
    { of: windows('26100.4652', 'Core'), at: '2026-10-14', isExtended: false },
    { of: linux('rhel', '9.6'), at: '2032-06-01', isExtended: false },
  ])('of $of.name $of.build $of.version is at $at', ({ of, at, isExtended }) => {
    expect(endOf(of)).toEqual({ at: day(at), isExtended, isDoubtful: false })
  })

  test('is not known where none is announced', () => {
    expect(endOf(macos('26.1'))).toEqual({ at: null, isExtended: false, isDoubtful: false })
  })

  test('is doubtful where the revision is not told that would prove extended updates', () => {
    expect(endOf(windows('19045'))).toEqual({ at: day('2025-10-15'), isExtended: false, isDoubtful: true })
    expect(endOf(windows('26100', 'Core')).isDoubtful).toBe(false)
  })

  test('does not hang on a bound that is no version', () => {
    const line = {
      id: 'windows',
      version: '19045',
      name: 'A',
      supportedUntil: '2025-10-14',
      extended: [{ until: '2027-10-12', above: 'any' }],
    }
    expect(supportEndOf(line, windows('19045.9999')).at).toEqual(day('2025-10-15'))
    expect(supportEndOf(line, windows('newest'))).toEqual({
      at: day('2025-10-15'),
      isExtended: false,
      isDoubtful: true,
    })
  })
})
