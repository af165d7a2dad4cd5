import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { Host } from '../../host/host.ts'
import { askPowerShell } from '../ask-program.ts'
import { readPowerShellRecords } from '../powershell-text.ts'
import { numberOf } from '../powershell.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { readVer, readWindowsVersion, windowsArch, windowsOs, type WindowsVersion } from './windows-version.ts'

type Os = SignalValue['os']

const VERSION = 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion'
const ENVIRONMENT = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment'
const UPDATE_POLICY = 'HKLM\\SOFTWARE\\Microsoft\\PolicyManager\\current\\device\\Update'

/** What tells the version, the best first. Only the registry and `ver` tell how far the build is patched. */
const SOURCES: readonly { source: string; read: (host: Host) => Promise<Fact<WindowsVersion>> }[] = [
  { source: `registry ${VERSION}`, read: readRegistryVersion },
  { source: 'ver', read: askVer },
  { source: 'Win32_OperatingSystem', read: askOperatingSystem },
]

/** Which Windows this is. Needs no rights. */
export async function readWindowsOs(host: Host): Promise<Reading<Os>> {
  const whys: string[] = []
  for (const { source, read } of SOURCES) {
    const version = await read(host)
    const os = version.kind === 'value' ? windowsOs(version.value) : version
    if (os.kind === 'value') {
      const arch = os.value.arch === '' ? await archOf(host) : os.value.arch
      const track = (await takesHotpatches(host)) ? { track: 'hotpatch' as const } : {}
      return { ...value({ ...os.value, arch, ...track }), source }
    }
    whys.push(os.why)
  }
  return { ...unreadable(whys.join('; ')), source: `registry ${VERSION}` }
}

async function readRegistryVersion(host: Host): Promise<Fact<WindowsVersion>> {
  const found = await host.readRegistry(VERSION)
  return found.ok ? readWindowsVersion(found.values) : unreadableBecause(found)
}

async function askVer(host: Host): Promise<Fact<WindowsVersion>> {
  const ran = await host.run('cmd', ['/c', 'ver'])
  return ran.ok ? readVer(ran.stdout) : unreadableBecause(ran)
}

async function askOperatingSystem(host: Host): Promise<Fact<WindowsVersion>> {
  const records = await askPowerShell(host, 'Win32_OperatingSystem', readPowerShellRecords)
  return records.kind === 'value' ? readWindowsVersion(records.value[0] ?? {}) : records
}

async function archOf(host: Host): Promise<string> {
  const environment = await host.readRegistry(ENVIRONMENT)
  return environment.ok ? windowsArch(String(environment.values['PROCESSOR_ARCHITECTURE'] ?? '')) : ''
}

/**
 * Whether updates that need no restart are wanted and can be applied: by policy, with virtualization-based security at
 * work (2). Such a machine has revisions of its own in the months between two restarts, lower than those of others.
 */
async function takesHotpatches(host: Host): Promise<boolean> {
  const policy = await host.readRegistry(UPDATE_POLICY)
  if (!policy.ok || policy.values['AllowRebootlessUpdates'] !== 1) return false
  const records = await askPowerShell(host, 'Win32_DeviceGuard', readPowerShellRecords)
  return records.kind === 'value' && numberOf(records.value[0]?.['VirtualizationBasedSecurityStatus']) === 2
}
