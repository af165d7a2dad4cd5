import { readPowerShellRecords } from '../../../agent/probes/powershell-text.ts'
import {
  readVer,
  readWindowsVersion,
  windowsOs,
  type WindowsVersion,
} from '../../../agent/probes/os/windows-version.ts'
import { unreadable, type Fact } from '../../../shared/fact.ts'
import type { Capture } from '../capture.ts'
import type { Conclusion, Concluded } from '../conclusion.ts'
import { concluded, type CorpusReader, type NotStarted, type Of } from '../reader.ts'
import { registryIn } from '../registry.ts'

const POWERSHELL = /^(?:powershell|pwsh|wmi|wmic)$/
const REGISTRY = /^(?:reg|registry|powershell|pwsh)$/
const VERSION = 'hklm\\software\\microsoft\\windows nt\\currentversion'

const onWindows = (program: RegExp, args?: RegExp): Of => ({ os: 'windows', program, ...(args && { args }) })

const osInWords = (version: WindowsVersion): Conclusion => {
  const { ubr, displayVersion, edition, build } = version
  return { os: { ...windowsOs(version), build, ubr, displayVersion, edition } }
}

/** Of a firmware that is no UEFI, which these answers name in passing, Secure Boot is off. */
function computerInfo({ text, exitCode }: Capture): Concluded {
  const records = (exitCode ?? 0) === 0 ? readPowerShellRecords(text) : unreadable(`it ended with ${exitCode}`)
  const [record = {}] = records.kind === 'value' ? records.value : []
  const isLegacy = [record['BiosFirmwareType'], record['FirmwareType']].some((it) => it === 1 || it === 'Legacy')
  const version: Fact<WindowsVersion> = records.kind === 'value' ? readWindowsVersion(record) : records
  return concluded(version, (it) => ({ ...osInWords(it), ...(isLegacy && { secureBoot: { enabled: false } }) }))
}

export const readers: readonly CorpusReader[] = [
  {
    of: onWindows(REGISTRY, /Windows NT\\CurrentVersion['"]*(?:\s|$)/i),
    read: (capture) => concluded(readWindowsVersion(registryIn(capture).get(VERSION) ?? {}), osInWords),
  },
  { of: onWindows(/^cmd$/, /\bver$/i), read: ({ text }) => concluded(readVer(text), osInWords) },
  { of: onWindows(/^ver$/), read: ({ text }) => concluded(readVer(text), osInWords) },
  { of: onWindows(POWERSHELL, /Win32_OperatingSystem|Get-ComputerInfo|^os get\b.*list/i), read: computerInfo },
]

export const notStarted: readonly NotStarted[] = [
  {
    of: onWindows(/^systeminfo$/),
    instead: 'the registry tells the build with its revision; systeminfo takes seconds and speaks every language',
  },
  { of: onWindows(/^wmic$/), instead: 'PowerShell asks the same classes; newer releases have no wmic' },
]
