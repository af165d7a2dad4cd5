import { isSecure, readBridge, readPolicy, type StartupSecurity } from '../../../agent/probes/secure-boot/bridge.ts'
import { readConfirmSecureBoot } from '../../../agent/probes/secure-boot/confirm.ts'
import { readEfiFlag, tpmOfMajor } from '../../../agent/probes/secure-boot/linux.ts'
import { readMokutil } from '../../../agent/probes/secure-boot/mokutil.ts'
import { readTpm, readTpmDevice, type Tpm } from '../../../agent/probes/secure-boot/windows-tpm.ts'
import { enabledIn, STATE } from '../../../agent/probes/secure-boot/windows.ts'
import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { Capture } from '../capture.ts'
import type { Concluded } from '../conclusion.ts'
import { concluded, type CorpusReader, type NotStarted, type Of } from '../reader.ts'
import { registryIn } from '../registry.ts'

const POWERSHELL = /^(?:powershell|pwsh|wmi)$/

const onLinux = (program: RegExp, args?: RegExp): Of => ({ os: 'linux', program, ...(args && { args }) })
const onMacos = (program: RegExp, args?: RegExp): Of => ({ os: 'macos', program, ...(args && { args }) })
const onWindows = (program: RegExp, args?: RegExp): Of => ({ os: 'windows', program, ...(args && { args }) })

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

/** One of these flags means off; without it the variable of Secure Boot decides. */
function offWhenSet({ text }: Capture): Concluded {
  return concluded(readEfiFlag(text), (isSet) => ({ secureBoot: isSet ? { enabled: false } : {} }))
}

function registry(capture: Capture): Concluded {
  const state = registryIn(capture).get(STATE.toLowerCase())
  return isOn(state ? enabledIn(state) : unreadable('the key is not shown'))
}

/** Several files were put together here, each with its path before it. */
function tpmFiles({ text }: Capture): Concluded {
  const [, version] = /tpm_version_major:\s*(\d+)\s*$/m.exec(text) ?? []
  return tpm(value({ tpm: tpmOfMajor(version ?? text), tpmReady: null }))
}

export const readers: readonly CorpusReader[] = [
  { of: onLinux(/^(?:file|cat)$/, /\/SecureBoot-[\da-f-]+$/), read: ({ text }) => isOn(readEfiFlag(text)) },
  { of: onLinux(/^(?:file|cat)$/, /\/(?:SetupMode|MokSBStateRT)-[\da-f-]+$/), read: offWhenSet },
  { of: onLinux(/^mokutil$/, /^--sb-state$/), read: ({ text }) => isOn(readMokutil(text)) },
  { of: onLinux(/^(?:file|cat)$/, /\/tpm_version_major$|\/tpm\d\/\{tpm_version_major/), read: tpmFiles },
  { of: onMacos(/^system_profiler$/, /^-json SPiBridgeDataType$/), read: ({ text }) => mac(readBridge(text)) },
  { of: onMacos(/^nvram$/, /AppleSecureBootPolicy$/), read: ({ text }) => mac(readPolicy(text)) },
  { of: onWindows(/^(?:reg|registry|powershell)$/, /SecureBoot\\State/i), read: registry },
  { of: onWindows(POWERSHELL, /SecureBootUEFI/i), read: ({ text }) => isOn(readConfirmSecureBoot(text)) },
  { of: onWindows(POWERSHELL, /PnPEntity|Get-PnpDevice/i), read: ({ text }) => tpm(readTpmDevice(text)) },
  { of: onWindows(POWERSHELL, /\bGet-Tpm\b|Win32_Tpm\b/i), read: ({ text }) => tpm(readTpm(text)) },
]

const VARIABLES = "the firmware's variables themselves, and mokutil where they cannot be seen"

export const notStarted: readonly NotStarted[] = [
  { of: onLinux(/^(?:od|xxd|hexdump|efivar|bootctl|efibootmgr|dmesg|journalctl)$/), instead: VARIABLES },
  {
    of: onLinux(/^file$/, /\/kernel\/security\/lockdown$/),
    instead: `${VARIABLES}: lockdown can be a parameter of the start`,
  },
  { of: onMacos(/^bputil$/), instead: 'system_profiler -json SPiBridgeDataType, which needs no root' },
  { of: onMacos(/^csrutil$/), instead: 'system_profiler -json SPiBridgeDataType; SIP alone is no signal' },
  { of: onMacos(/^spctl$/), instead: 'Gatekeeper is no signal' },
  { of: onWindows(/^tpmtool$/), instead: 'Win32_Tpm, and the list of devices where that needs rights' },
]
