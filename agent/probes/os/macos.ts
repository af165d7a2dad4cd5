import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { Host } from '../../host/host.ts'
import { askProgram } from '../ask-program.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { macosOs, readSwVers, readSystemVersion, type MacosVersion } from './macos-version.ts'

const SYSTEM = '/System/Library/CoreServices/SystemVersion.plist'
/** What a rapid response replaces, with the version that it makes; since macOS 13. */
const CRYPTEX = '/System/Cryptexes/OS/System/Library/CoreServices/SystemVersion.plist'

/** Which macOS this is. Needs no rights. */
export async function readMacosOs(host: Host): Promise<Reading<SignalValue['os']>> {
  const [read, kernel] = await Promise.all([readMacosVersion(host), readKernel(host)])
  const { source, ...version } = read
  return { ...(version.kind === 'value' ? value(macosOs(version.value, kernel)) : version), source }
}

/** The version with its rapid response: by the files, and by `sw_vers` where these cannot be read. */
export async function readMacosVersion(host: Host): Promise<Fact<MacosVersion> & { source: string }> {
  const [system, cryptex] = await Promise.all([readFrom(host, SYSTEM), readFrom(host, CRYPTEX)])
  if (system.kind === 'value') {
    // The copy is of another version only while an update is half done; then it says nothing of the one that runs.
    const isSame = cryptex.kind === 'value' && cryptex.value.version === system.value.version
    return isSame ? { ...cryptex, source: `${SYSTEM}, ${CRYPTEX}` } : { ...system, source: SYSTEM }
  }
  const told = await askProgram(host, 'sw_vers', [], readSwVers)
  if (told.kind === 'value') return { ...told, source: 'sw_vers' }
  return { ...unreadable(`${system.why}; ${told.why}`), source: `${SYSTEM}, sw_vers` }
}

async function readFrom(host: Host, path: string): Promise<Fact<MacosVersion>> {
  const file = await host.readFile(path)
  return file.ok ? readSystemVersion(file.text) : unreadableBecause(file)
}

/** The kernel's release, and the processor; `hw.machine` is that of the program where Rosetta translates it. */
const KERNEL = ['hw.optional.arm64', 'hw.machine', 'kern.osrelease'] as const

async function readKernel(host: Host): Promise<{ kernel: string | null; arch: string }> {
  // It ends with 1 where one of these is not known, as the first is not on Intel.
  const ran = await host.run('sysctl', KERNEL)
  return readSysctl(ran.ok ? ran.stdout : '')
}

/** Reads `sysctl NAME...`, `name: value` on each line. */
export function readSysctl(stdout: string): { kernel: string | null; arch: string } {
  const told = new Map([...stdout.matchAll(/^([\w.]+): (.*)$/gm)].map(([, name = '', it = '']) => [name, it.trim()]))
  const kernel = told.get('kern.osrelease') ?? ''
  const machine = told.get('hw.optional.arm64') === '1' ? 'arm64' : (told.get('hw.machine') ?? '')
  return {
    kernel: /^\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(kernel) ? kernel : null,
    arch: machine.startsWith('arm64') ? 'aarch64' : machine === 'x86_64' ? 'x86_64' : '',
  }
}
