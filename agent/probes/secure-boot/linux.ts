import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { Host } from '../../host/host.ts'
import { unreadableBecause, type Reading } from '../probe.ts'
import { readBootctl, readKernelLog, readMokutil, type Told } from './boot-tools.ts'

type SecureBoot = SignalValue['secure-boot']

const VARIABLES = '/sys/firmware/efi/efivars'
const GLOBAL = '8be4df61-93ca-11d2-aa0d-00e098032b8c'
const SHIM = '605dab50-e046-4300-abb6-3dd810dd8b23'
const TPMS = '/sys/class/tpm'

/** Reads Secure Boot from the firmware's variables, and the TPM from sysfs. Needs no rights, and mostly starts nothing. */
export async function readLinux(host: Host): Promise<Reading<SecureBoot>> {
  const [variables, tpm] = await Promise.all([readEnabled(host), readTpm(host)])
  if (variables.kind === 'value') {
    return { ...value({ enabled: variables.value, tpm }), source: `${VARIABLES}, ${TPMS}` }
  }
  const told = await askTools(host)
  if (!told) return { ...variables, source: `${VARIABLES}, ${TPMS}` }
  return { ...value({ enabled: told.enabled, tpm: tpm ?? told.tpm }), source: `${told.source}, ${TPMS}` }
}

/**
 * The first two also find the variables where an old kernel keeps them; the kernel's messages tell where it keeps away
 * from the firmware, as one for real time does.
 */
const TOOLS = [
  { program: 'mokutil', args: ['--sb-state'], read: readMokutil },
  { program: 'bootctl', args: ['status', '--no-pager'], read: readBootctl },
  { program: 'dmesg', args: [], read: readKernelLog },
] as const

/** A kernel may be told to keep that many messages. */
const MOST_BYTES = 8 * 1024 * 1024

async function askTools(host: Host): Promise<(Told & { source: string }) | null> {
  for (const { program, args, read } of TOOLS) {
    const ran = await host.run(program, args, { maxBytes: MOST_BYTES })
    const told = ran.ok ? read(`${ran.stdout}\n${ran.stderr}`) : null
    if (told?.kind === 'value') return { ...told.value, source: program }
  }
  return null
}

async function readEnabled(host: Host): Promise<Fact<boolean>> {
  const file = await host.readFile(`${VARIABLES}/SecureBoot-${GLOBAL}`)
  if (!file.ok) return file.reason === 'missing' ? whyNoVariable(host) : unreadableBecause(file)
  const isOn = readEfiFlag(file.text)
  if (isOn.kind !== 'value' || !isOn.value) return isOn

  // In setup mode anyone may put in keys, so nothing is checked in earnest.
  const setup = await readFlag(host, `SetupMode-${GLOBAL}`)
  // shim publishes this only where its own checks were switched off: then the firmware checks shim, and shim nothing.
  const unchecked = await readFlag(host, `MokSBStateRT-${SHIM}`)
  if (setup.kind !== 'value') return setup
  if (unchecked.kind !== 'value') return unchecked
  return value(!setup.value && !unchecked.value)
}

/** A variable that is not there is not set. */
async function readFlag(host: Host, name: string): Promise<Fact<boolean>> {
  const file = await host.readFile(`${VARIABLES}/${name}`)
  if (file.ok) return readEfiFlag(file.text)
  return file.reason === 'missing' || file.reason === 'not-recorded' ? value(false) : unreadableBecause(file)
}

const FLAGS: ReadonlyMap<number, boolean> = new Map([
  [0, false],
  [1, true],
])

/**
 * Reads a file of efivarfs that holds one flag: four bytes of attributes, then 0 or 1
 * (https://docs.kernel.org/filesystems/efivarfs.html). The bytes are all below 0x80, so they survive as text.
 */
export function readEfiFlag(content: string): Fact<boolean> {
  const flag = content.length === 5 ? FLAGS.get(content.charCodeAt(4)) : undefined
  return flag === undefined ? unreadable('a variable of the firmware is not a flag') : value(flag)
}

/** Why there is no variable: a legacy BIOS, firmware without Secure Boot, or variables that nobody can see from here. */
async function whyNoVariable(host: Host): Promise<Fact<boolean>> {
  const efi = await host.readDirectory('/sys/firmware/efi')
  if (!efi.ok && efi.reason !== 'missing') return unreadableBecause(efi)
  if (!efi.ok) {
    // A container sees an empty folder in its place.
    const firmware = await host.readDirectory('/sys/firmware')
    if (!firmware.ok) return unreadableBecause(firmware)
    return firmware.names.length > 0 ? value(false) : unreadable('the firmware cannot be seen from here (a container?)')
  }
  const variables = await host.readDirectory(VARIABLES)
  if (!variables.ok) return unreadableBecause(variables)
  // Empty with a real-time kernel, which keeps away from the firmware, or where efivarfs is not mounted.
  return variables.names.length > 0 ? value(false) : unreadable(`${VARIABLES} is empty: the variables cannot be seen`)
}

const VERSIONS: ReadonlyMap<string, SecureBoot['tpm']> = new Map([
  ['2', '2.0'],
  ['1', '1.2'],
])

/** Reads `tpm_version_major` of sysfs; null for a version to come. */
export function tpmOfMajor(text: string): SecureBoot['tpm'] {
  return VERSIONS.get(text.trim()) ?? null
}

/** Reads `caps` of sysfs, which only a TPM 1.2 has. */
export function isCapsOfTpm12(text: string): boolean {
  return /^TCG version: 1\.2$/m.test(text)
}

async function readTpm(host: Host): Promise<SecureBoot['tpm']> {
  const folder = await host.readDirectory(TPMS)
  if (!folder.ok) return folder.reason === 'missing' ? 'none' : null
  const name = folder.names.find((it) => /^tpm\d+$/.test(it))
  if (name === undefined) return folder.names.length === 0 ? 'none' : null
  const major = await host.readFile(`${TPMS}/${name}/tpm_version_major`)
  if (major.ok) return tpmOfMajor(major.text)
  // Kernels before 5.6 have no such file; only a TPM 1.2 has `caps`.
  if (major.reason !== 'missing') return null
  for (const path of ['caps', 'device/caps']) {
    const caps = await host.readFile(`${TPMS}/${name}/${path}`)
    if (caps.ok && isCapsOfTpm12(caps.text)) return '1.2'
  }
  const managed = await host.readDirectory('/sys/class/tpmrm')
  return managed.ok && managed.names.length > 0 ? '2.0' : null
}
