import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import { bitOf, flagOf } from '../powershell.ts'
import { readPowerShellRecords, type PowerShellRecord } from '../powershell-text.ts'

/**
 * NTSTATUS of a firmware that has no such variables (a legacy BIOS), or not this one (no Secure Boot). The sentences beside
 * the numbers are localised; a missing right has another number or none.
 */
const NO_SECURE_BOOT = /\b0xC0000(?:002|100)\b/i

/**
 * Reads what `Confirm-SecureBootUEFI` says, alone or with `Get-SecureBootUEFI`: a word, JSON, or an error. In setup mode
 * anyone may put in keys, so that nothing is checked in earnest.
 */
export function readConfirmSecureBoot(stdout: string, stderr = ''): Fact<boolean> {
  const text = `${stdout}\n${stderr}`
  if (NO_SECURE_BOOT.test(text)) return value(false)
  if (/FullyQualifiedErrorId|CategoryInfo/.test(text)) return unreadable('Secure Boot was not told: an error')
  const words = [...stdout.matchAll(/^\s*\[?\s*(true|false)\s*\]?\s*$/gim)].map(([, word]) => flagOf(word))
  const records = readPowerShellRecords(stdout)
  const told = records.kind === 'value' ? records.value : []
  const enabled = [...words, ...told.map((it) => flagOf(it['Enabled'])), byteOf(told, 'SecureBoot')].filter(isFlag)
  const setup = new Set([...told.map(setupModeOf), byteOf(told, 'SetupMode')])
  if (told.some((it) => flagOf(it['Efi']) === false) || enabled.includes(false) || setup.has(true)) {
    return value(false)
  }
  return enabled.length === 1 && !setup.has(null) ? value(true) : unreadable('Secure Boot was not told')
}

const isFlag = (it: boolean | null | undefined): it is boolean => typeof it === 'boolean'

/** Undefined where it is not told, null where what is told makes no sense. */
function setupModeOf(record: PowerShellRecord): boolean | null | undefined {
  return 'SetupMode' in record ? bitOf(record['SetupMode']) : undefined
}

/** The value of a variable of the firmware, as `Get-SecureBootUEFI` shows it: an array of bytes, or `{1}`. */
function byteOf(records: readonly PowerShellRecord[], name: string): boolean | null | undefined {
  const variable = records.find((it) => it['Name'] === name)
  if (!variable) return undefined
  const bytes = variable['Bytes']
  if (Array.isArray(bytes)) return bytes.length === 1 ? bitOf(bytes[0]) : null
  const [, byte] = typeof bytes === 'string' ? (/^\{(\d+)\}$/.exec(bytes.trim()) ?? []) : []
  return bitOf(byte)
}
