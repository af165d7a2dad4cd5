import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Host } from '../../agent/host/host.ts'
import { parseRecording, recordedHost } from '../../agent/host/recorded.ts'
import { allProbes } from '../../agent/probes/all.ts'
import { record } from '../../agent/record.ts'
import { readSettled } from '../../agent/settled.ts'
import { appraise } from '../../collector/appraisal/appraise.ts'
import { parseCatalogue, type Catalogue } from '../../collector/appraisal/catalogue.ts'
import { parsePolicy } from '../../collector/appraisal/policy.ts'
import type { Facts } from '../../shared/signals.ts'
import type { CheckId } from '../../shared/standing.ts'
import { laptop, NOW, type Laptop } from '../fakes/laptop.ts'
import { MAC, WINDOWS } from '../fakes/machines.ts'

const COLLECTOR = join(import.meta.dirname, '../../collector')
const POLICY = parsePolicy(readFileSync(join(COLLECTOR, 'policy.yaml'), 'utf8'))
const SHIPPED = parseCatalogue(readFileSync(join(COLLECTOR, 'releases.yaml'), 'utf8'))

/** One that is as new as the machines, and knows the lines that they have. */
const CATALOGUE = parseCatalogue(`
date: 2026-11-15
lines:
  - { id: windows, version: 26200, editions: [home-pro], name: Windows 11 25H2, supportedUntil: 2027-10-12 }
  - { id: windows, version: 22621, editions: [home-pro], name: Windows 11 22H2, supportedUntil: 2024-10-08 }
  - { id: macos, version: 26, name: macOS 26, supportedUntil: '-' }
  - { id: macos, version: 14, name: macOS 14, supportedUntil: 2026-09-14 }
releases:
  - { id: windows, version: 26200, releases: [{ version: 26200.7171, releasedOn: 2026-11-10 }] }
  - { id: windows, version: 22621, releases: [{ version: 22621.6060, releasedOn: 2026-10-13 }] }
  - { id: macos, version: 26, releases: [{ version: 26.7.1, releasedOn: 2026-11-10 }] }
  - { id: macos, version: 14, releases: [{ version: 14.8.4, releasedOn: 2026-02-11 }] }
`)

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-machines-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const read = (host: Host) => readSettled({ host, ...allProbes() })

/** What a collector says of facts by the shipped policy. */
function verdictsBy(
  facts: Facts,
  { platform = 'linux' }: Laptop,
  catalogue: Catalogue = CATALOGUE,
): Record<string, string> {
  const now = new Date(NOW)
  const { checks } = appraise({
    device: { id: 'dev_1', platform, tags: [], owner: null, identity: 'recognised' },
    evidence: { facts, receivedAt: now, confirmedAt: now },
    policy: POLICY,
    policySince: now,
    catalogue,
    exceptions: [],
    memory: {},
    now,
  })
  return Object.fromEntries(checks.map(({ id, verdict }) => [id, verdict]))
}

/** Of a machine, and of a recording of it. */
async function verdictsOf(it: Laptop) {
  const machine = laptop(it)
  const recorded = await record(machine, folder, read, 'salt')
  const replayed = recordedHost(parseRecording(readFileSync(recorded.path, 'utf8')))
  const [live, again] = await Promise.all([read(machine), read(replayed)])
  const [verdicts, replayedVerdicts] = [verdictsBy(live, it), verdictsBy(again, it)]
  return { verdicts, replayedVerdicts, differing: recorded.differing, facts: live }
}

const WELL = {
  'os-supported': 'pass',
  'os-patch': 'pass',
  'disk-encryption': 'pass',
  'endpoint-protection': 'pass',
  firewall: 'pass',
  'screen-lock': 'pass',
  'secure-boot': 'pass',
}

test.each([
  { name: 'a Windows laptop', it: WINDOWS },
  { name: 'a Mac', it: MAC },
])('$name that is well passes, and its masked recording tells the same', async ({ it }) => {
  const { verdicts, replayedVerdicts, differing } = await verdictsOf(it)
  expect(verdicts).toEqual(WELL)
  expect(replayedVerdicts).toEqual(WELL)
  expect(differing).toEqual([])
})

test.each([
  // It names newer releases than these two have, whatever Windows and macOS say themselves.
  { name: 'by the catalogue that ships', catalogue: SHIPPED, expected: { 'os-supported': 'pass', 'os-patch': 'fail' } },
  // They say themselves that nothing is missing, and nobody says until when they are supported.
  {
    name: 'by a catalogue that knows nothing',
    catalogue: { date: '2026-11-15', lines: [], releases: [] },
    expected: { 'os-supported': 'unknown', 'os-patch': 'pass' },
  },
])('they are judged $name', async ({ catalogue, expected }) => {
  for (const it of [WINDOWS, MAC]) {
    expect(verdictsBy(await read(laptop(it)), it, catalogue)).toEqual({ ...WELL, ...expected })
  }
})

test('what the updates of Windows and macOS tell', async () => {
  const windows = await verdictsOf(WINDOWS)
  expect(windows.facts['os']).toMatchObject({ value: { name: 'Windows 11', version: '25H2', build: '26200.7171' } })
  expect(windows.facts['os-updates']).toMatchObject({
    value: { pendingSecurity: 0, rebootRequired: false, lastCheckedAt: '2026-11-20T05:00:00.000Z' },
  })
  expect(windows.facts['device']).toMatchObject({ value: { manufacturer: 'LENOVO', serial: 'PF3ABC12' } })
  const mac = await verdictsOf(MAC)
  expect(mac.facts['os']).toMatchObject({ value: { name: 'macOS', version: '26.7.1', build: '25H12' } })
  expect(mac.facts['os-updates']).toMatchObject({ value: { pendingSecurity: 0, automatic: true } })
  expect(mac.facts['device']).toMatchObject({ value: { model: 'Mac16,8', serial: 'X1Y2Z3W4V5' } })
})

const DECRYPTING = JSON.stringify([
  {
    volume: { DriveLetter: 'C:', VolumeType: 0, ProtectionStatus: 0, ConversionStatus: 3 },
    keyProtectors: [{ KeyProtectorType: 1 }],
  },
])

const worse: { name: string; it: Laptop; programs: Record<string, object>; check: CheckId; verdict: string }[] = [
  {
    name: 'BitLocker is being undone',
    it: WINDOWS,
    programs: { 'powershell Win32_EncryptableVolume': { stdout: DECRYPTING } },
    check: 'disk-encryption',
    verdict: 'fail',
  },
  {
    name: 'Windows does not let us ask BitLocker',
    it: WINDOWS,
    programs: { 'powershell Win32_EncryptableVolume': { exitCode: 1, stderr: 'HRESULT 0x80041003' } },
    check: 'disk-encryption',
    verdict: 'unknown',
  },
  {
    name: 'Defender is passive, with all its flags on',
    it: WINDOWS,
    programs: {
      'powershell Get-MpComputerStatus': {
        stdout: JSON.stringify([
          { AMRunningMode: 'Passive Mode', AntivirusEnabled: true, RealTimeProtectionEnabled: true },
        ]),
      },
    },
    check: 'endpoint-protection',
    verdict: 'fail',
  },
  {
    name: 'FileVault is off on a disk that encrypts itself',
    it: MAC,
    programs: {
      'fdesetup status': { stdout: 'FileVault is Off.\n' },
      'diskutil info -plist /': {
        stdout: '<plist version="1.0"><dict><key>Encryption</key><true/><key>FileVault</key><false/></dict></plist>',
      },
    },
    check: 'disk-encryption',
    verdict: 'fail',
  },
  {
    name: 'Falcon waits for the user to approve it',
    it: MAC,
    programs: {
      'systemextensionsctl list': {
        stdout: `${MAC.programs?.['systemextensionsctl list']?.stdout}`.replace(
          'activated enabled',
          'activated waiting for user',
        ),
      },
    },
    check: 'endpoint-protection',
    verdict: 'fail',
  },
  {
    name: 'the firewall is off',
    it: MAC,
    programs: { 'socketfilterfw --getglobalstate': { stdout: 'Firewall is disabled. (State = 0)\n' } },
    check: 'firewall',
    verdict: 'fail',
  },
]

for (const { name, it, programs, check, verdict } of worse) {
  test(`${it.platform}: ${name}: ${check} is ${verdict}`, async () => {
    const { verdicts, replayedVerdicts } = await verdictsOf({ ...it, programs: { ...it.programs, ...programs } })
    const expected = { ...WELL, [check]: verdict }
    expect(verdicts).toEqual(expected)
    expect(replayedVerdicts).toEqual(expected)
  })
}

const VERSION = 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'
const SYSTEM = '/System/Library/CoreServices/SystemVersion.plist'

/** Machines on which every check fails, each for a reason of its own. */
const BAD: Laptop[] = [
  {
    ...WINDOWS,
    registry: {
      ...WINDOWS.registry,
      [VERSION]: { ...WINDOWS.registry?.[VERSION], CurrentBuild: '22621', UBR: 1413, DisplayVersion: '22H2' },
      'HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecureBoot\\State': { UEFISecureBootEnabled: 0 },
      'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System': { InactivityTimeoutSecs: 7200 },
    },
    programs: {
      ...WINDOWS.programs,
      'powershell Win32_EncryptableVolume': { stdout: DECRYPTING },
      'powershell Get-MpComputerStatus': {
        stdout: JSON.stringify([{ AMRunningMode: 'Passive Mode', AntivirusEnabled: true }]),
      },
      'powershell AntiVirusProduct': {
        stdout: JSON.stringify([{ displayName: 'Windows Defender', productState: 393_472, hasProgram: true }]),
      },
      'powershell Get-NetFirewallProfile': { stdout: JSON.stringify([{ Name: 'Domain', Enabled: 0 }]) },
    },
  },
  {
    ...MAC,
    files: { ...MAC.files, [SYSTEM]: `${MAC.files[SYSTEM]}`.replace('26.7.1', '14.2').replace('25H12', '23C64') },
    programs: {
      ...MAC.programs,
      'fdesetup status': { stdout: 'FileVault is Off.\n' },
      'diskutil info -plist /': {
        stdout: `${MAC.programs?.['diskutil info -plist /']?.stdout}`.replace('<true/>', '<false/>'),
      },
      'falconctl stats': { exitCode: 1, stderr: 'Error: The sensor has not loaded.\n' },
      'socketfilterfw --getglobalstate': { stdout: 'Firewall is disabled. (State = 0)\n' },
      'sysadminctl -screenLock status': { stderr: 'sysadminctl[1:1] screenLock is off\n' },
      'system_profiler -json SPiBridgeDataType': {
        stdout: '{"SPiBridgeDataType":[{"ibridge_secure_boot":"Permissive Security"}]}',
      },
    },
  },
]

const withoutKey = <T>(from: Readonly<Record<string, T>> = {}, key: string) =>
  Object.fromEntries(Object.entries(from).filter(([name]) => name !== key))

/** The same machine with one answer less, or with another in its place. */
function* withOneLost(it: Laptop): Generator<Laptop> {
  for (const key of Object.keys(it.programs ?? {})) {
    yield { ...it, programs: withoutKey(it.programs, key) }
    for (const instead of ['', '[]', 'Zugriff verweigert\r\n', '\0\0']) {
      yield { ...it, programs: { ...it.programs, [key]: { stdout: instead } } }
      yield { ...it, programs: { ...it.programs, [key]: { exitCode: 1, stderr: instead } } }
    }
  }
  for (const key of Object.keys(it.registry ?? {})) {
    yield { ...it, registry: withoutKey(it.registry, key) }
    yield { ...it, registry: { ...it.registry, [key]: {} } }
  }
  for (const key of Object.keys(it.files)) {
    yield { ...it, files: withoutKey(it.files, key) }
    yield { ...it, files: { ...it.files, [key]: '' } }
    yield { ...it, denied: [key] }
  }
}

for (const it of BAD) {
  test(`${it.platform}: no answer that is lost makes a bad machine pass`, async () => {
    const failing = Object.entries(verdictsBy(await read(laptop(it)), it)).filter(([, verdict]) => verdict === 'fail')
    expect(failing).toHaveLength(7)
    for (const machine of withOneLost(it)) {
      const verdicts = verdictsBy(await read(laptop(machine)), it)
      expect(Object.entries(verdicts).filter(([, verdict]) => verdict === 'pass')).toEqual([])
    }
  })
}

test.each(['windows', 'macos', 'linux'] as const)(
  'a %s laptop that answers nothing passes nothing',
  async (platform) => {
    const { verdicts } = await verdictsOf({ platform, files: {}, privileged: false })
    expect(Object.values(verdicts).filter((verdict) => verdict === 'pass')).toEqual([])
  },
)
