import { saysMissing } from '../../../agent/host/windows/reg-query.ts'
import {
  isSecure,
  readBridge,
  readBridgeText,
  readPolicy,
  type StartupSecurity,
} from '../../../agent/probes/secure-boot/bridge.ts'
import { readConfirmSecureBoot } from '../../../agent/probes/secure-boot/confirm.ts'
import { isCapsOfTpm12, readEfiFlag, tpmOfMajor } from '../../../agent/probes/secure-boot/linux.ts'
import { readBootctl, readKernelLog, readMokutil, type Told } from '../../../agent/probes/secure-boot/boot-tools.ts'
import { readTpm, readTpmDevice, type Tpm } from '../../../agent/probes/secure-boot/windows-tpm.ts'
import { enabledIn, STATE } from '../../../agent/probes/secure-boot/windows.ts'
import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { Capture } from '../capture.ts'
import type { Concluded } from '../conclusion.ts'
import { bytesIn } from '../dump.ts'
import { answered, concluded, onLinux, onMacos, onWindows, type CorpusReader, type NotStarted } from '../reader.ts'
import { isPathMissing, registryIn } from '../registry.ts'
import { withNames } from '../shown-alone.ts'

const POWERSHELL = /^(?:powershell|pwsh|wmic?)$/

function isOn(fact: Fact<boolean>): Concluded {
  return concluded(fact, (enabled) => ({ secureBoot: { enabled } }))
}

function tpm(fact: Fact<Tpm>): Concluded {
  return concluded(fact, (secureBoot) => ({ secureBoot }))
}

function mac(fact: Fact<StartupSecurity>): Concluded {
  return concluded(fact, (security) => ({
    secureBoot: { enabled: isSecure(security), level: security.level },
    integrity: { sip: security.sip },
  }))
}

/** Words of two bytes have one too many where the number of bytes is odd. */
const flagBytes = (capture: Capture): string => {
  const bytes = bytesIn(capture)
  return bytes.length === 6 && bytes.endsWith('\0') ? bytes.slice(0, 5) : bytes
}

/** One of these flags means off; without it the variable of Secure Boot decides. */
function offWhenSet(capture: Capture): Concluded {
  return concluded(readEfiFlag(flagBytes(capture)), (isSet) => ({ secureBoot: isSet ? { enabled: false } : {} }))
}

function registry(capture: Capture): Concluded {
  const state = registryIn(capture).get(STATE.toLowerCase())
  // A machine that was not started by UEFI has no such key.
  if (!state && (saysMissing(capture.text) || isPathMissing(capture))) return isOn(value(false))
  return isOn(state ? enabledIn(state) : unreadable('the key is not shown'))
}

function tool(fact: Fact<Told>): Concluded {
  return concluded(fact, (secureBoot) => ({ secureBoot }))
}

/** Several files were put together here, each with its path before it. */
function tpmFiles({ text }: Capture): Concluded {
  const [, version] = /tpm_version_major:\s*(\d+)\s*$/m.exec(text) ?? []
  return tpm(value({ tpm: tpmOfMajor(version ?? text), tpmReady: null }))
}

const VARIABLE = /^(?:file|cat|od|xxd|hexdump|hd)$/

export const readers: readonly CorpusReader[] = [
  { of: onLinux(VARIABLE, /\/SecureBoot-[\da-f-]+$/), read: (capture) => isOn(readEfiFlag(flagBytes(capture))) },
  { of: onLinux(VARIABLE, /\/(?:SetupMode|MokSBStateRT)-[\da-f-]+$/), read: offWhenSet },
  { of: onLinux(/^mokutil$/, /^--sb-state$/), read: ({ text }) => tool(readMokutil(text)) },
  { of: onLinux(/^bootctl$/, /^status\b|^--no-pager\b|^$/), read: ({ text }) => tool(readBootctl(text)) },
  {
    of: onLinux(/^dmesg$/),
    read: (capture) => tool(answered(capture, readKernelLog)),
  },
  { of: onLinux(/^(?:file|cat)$/, /\/tpm_version_major$|\/tpm\d\/\{tpm_version_major/), read: tpmFiles },
  {
    of: onLinux(/^(?:file|cat)$/, /\/tpm\d+\/(?:device\/)?caps$/),
    read: ({ text }) => tpm(value({ tpm: isCapsOfTpm12(text) ? '1.2' : null, tpmReady: null })),
  },
  {
    of: onMacos(/^system_profiler$/, /^(?=.*-json\b)(?=.*\bSPiBridgeDataType\b)/),
    read: ({ text }) => mac(readBridge(text)),
  },
  {
    of: onMacos(/^system_profiler$/, /^(?!.*-xml\b)(?=.*\bSPiBridgeDataType\b)/),
    read: ({ text }) => mac(readBridgeText(text)),
  },
  { of: onMacos(/^nvram$/, /AppleSecureBootPolicy$/), read: ({ text }) => mac(readPolicy(text)) },
  { of: onWindows(/^(?:reg|registry|powershell)$/, /Control\\SecureBoot\b/i), read: registry },
  { of: onWindows(POWERSHELL, /SecureBootUEFI/i), read: ({ text }) => isOn(readConfirmSecureBoot(text)) },
  { of: onWindows(POWERSHELL, /PnPEntity|Get-PnpDevice/i), read: ({ text }) => tpm(readTpmDevice(text)) },
  { of: onWindows(POWERSHELL, /\bGet-Tpm\b|Win32_Tpm\b/i), read: (capture) => tpm(readTpm(withNames(capture))) },
]

const VARIABLES = "the firmware's variables themselves, and mokutil, bootctl or dmesg where they cannot be seen"

export const notStarted: readonly NotStarted[] = [
  { of: onLinux(/^(?:od|xxd|hexdump|hd|efivar|efibootmgr|journalctl)$/), instead: VARIABLES },
  {
    of: onLinux(/^file$/, /\/kernel\/security\/lockdown$/),
    instead: `${VARIABLES}: lockdown can be a parameter of the start`,
  },
  { of: onMacos(/^bputil$/), instead: 'system_profiler -json SPiBridgeDataType, which needs no root' },
  { of: onMacos(/^csrutil$/), instead: 'system_profiler -json SPiBridgeDataType; SIP alone is no signal' },
  { of: onMacos(/^spctl$/), instead: 'Gatekeeper is no signal' },
  { of: onWindows(/^tpmtool$/), instead: 'Win32_Tpm, and the list of devices where that needs rights' },
]
