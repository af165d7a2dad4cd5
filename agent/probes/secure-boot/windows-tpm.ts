import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import { flagOf, textOf } from '../powershell.ts'
import { readPowerShellRecords, type PowerShellRecord } from '../powershell-text.ts'

/** Which TPM there is, and whether it can be used: switched on, activated and taken into possession. */
export type Tpm = { tpm: SignalValue['secure-boot']['tpm']; tpmReady: boolean | null }

/**
 * Reads `Win32_Tpm`, which names the specification, or `Get-Tpm`, which tells whether Windows sees one at all. The version
 * that the maker gives is that of the firmware, and says nothing.
 */
export function readTpm(text: string): Fact<Tpm> {
  const records = readPowerShellRecords(text)
  if (records.kind !== 'value') return records
  const record = oneOf(records.value)
  if (!record) return unreadable('no TPM, or more than one, was told')
  const isPresent = 'TpmPresent' in record ? flagOf(record['TpmPresent']) : undefined
  if (isPresent === false) return value({ tpm: 'none', tpmReady: false })
  const tpm = versionOf(textOf(record['SpecVersion']) ?? '')
  const tpmReady = readyOf(record)
  // One that is ready is there.
  if (isPresent !== true && tpm === null && tpmReady !== true) return unreadable('the version of the TPM was not told')
  return value({ tpm, tpmReady })
}

/** The list of `Get-Tpm` has an empty line in its middle, where a text ends with one: what follows names nothing twice. */
function oneOf(records: readonly PowerShellRecord[]): PowerShellRecord | null {
  const names = records.flatMap((it) => Object.keys(it))
  return records.length > 0 && new Set(names).size === names.length ? Object.assign({}, ...records) : null
}

/** Major and minor version, level and errata of the specification: `2.0, 0, 1.59`. */
function versionOf(specification: string): '2.0' | '1.2' | null {
  const [, version] = /^(2\.0|1\.2)(?:\s*,.*)?$/.exec(specification) ?? []
  return version === '2.0' || version === '1.2' ? version : null
}

function readyOf(record: PowerShellRecord): boolean | null {
  if ('TpmReady' in record) return flagOf(record['TpmReady'])
  const names = ['IsEnabled_InitialValue', 'IsActivated_InitialValue', 'IsOwned_InitialValue'] as const
  const flags = new Set(names.map((name) => flagOf(record[name])))
  return flags.has(false) ? false : flags.has(null) ? null : true
}

/** The ids by which ACPI names a TPM of each specification. */
const DEVICES: readonly [RegExp, '2.0' | '1.2'][] = [
  [/(?:^|\\|\*)(?:MSFT0101|VEN_MSFT&DEV_0101)(?:$|\\)/i, '2.0'],
  [/(?:^|\\|\*)(?:PNP0C31|VEN_PNP&DEV_0C31)(?:$|\\)/i, '1.2'],
]

/** Reads devices of the class "security" (`Win32_PnPEntity`): which TPM is there. None that is known says nothing. */
export function readTpmDevice(text: string): Fact<Tpm> {
  const records = readPowerShellRecords(text)
  if (records.kind !== 'value') return records
  for (const record of records.value) {
    // A device that was there once stays on the list.
    if (flagOf(record['Present']) === false || textOf(record['Status']) === 'Unknown') continue
    const ids = [record['DeviceID'], record['PNPDeviceID'], record['InstanceId'], record['HardwareID']].flatMap(textsOf)
    const [, tpm] = DEVICES.find(([id]) => ids.some((it) => id.test(it))) ?? []
    if (tpm) return value({ tpm, tpmReady: null })
  }
  return unreadable('no device is a TPM that is known')
}

/** One text, several, or several as a list shows them: `{ACPI\MSFT0101, *MSFT0101}`. */
function textsOf(it: unknown): string[] {
  if (Array.isArray(it)) return it.flatMap(textsOf)
  const text = textOf(it)
  if (text === null) return []
  return /^\{.*\}$/.test(text) ? text.slice(1, -1).split(/\s*,\s*/) : [text]
}
