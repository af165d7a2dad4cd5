import type { RegistryValues } from '../../../agent/host/host.ts'
import { readRegQuery, saysMissing } from '../../../agent/host/windows/reg-query.ts'
import {
  countMissing,
  readHotFixes,
  readMissingUpdates,
  readSystemInfo,
  readUpdateHistory,
  readUpdateResults,
} from '../../../agent/probes/os-updates/windows-search.ts'
import { isAutomaticByManagement, isAutomaticByPolicy } from '../../../agent/probes/os-updates/windows-policy.ts'
import { flagOf } from '../../../agent/probes/powershell.ts'
import { readPowerShellRecords } from '../../../agent/probes/powershell-text.ts'
import {
  readVer,
  readWindowsVersion,
  windowsOs,
  type WindowsVersion,
} from '../../../agent/probes/os/windows-version.ts'
import { value, type Fact } from '../../../shared/fact.ts'
import type { Capture } from '../capture.ts'
import type { Conclusion, Concluded } from '../conclusion.ts'
import { answered, concluded, onWindows, type CorpusReader, type NotStarted } from '../reader.ts'
import { isPathMissing, registryIn } from '../registry.ts'
import { withNames } from '../shown-alone.ts'

const POWERSHELL = /^(?:powershell|pwsh|wmi|wmic)$/
const REGISTRY = /^(?:reg|registry|powershell|pwsh)$/
const VERSION = 'hklm\\software\\microsoft\\windows nt\\currentversion'

const osInWords = (version: WindowsVersion): Conclusion => {
  const { ubr, displayVersion, edition, build } = version
  const os = windowsOs(version)
  const named = os.kind === 'value' ? os.value : { platform: 'windows' }
  return { os: { ...named, build, ubr, displayVersion, edition } }
}

/** The values of the key, or of the only object that is shown: a script may name the key in any way. */
function currentVersion(capture: Capture): Concluded {
  const records = readPowerShellRecords(withNames(capture))
  const [only] = capture.program !== 'reg' && records.kind === 'value' ? records.value : []
  return concluded(readWindowsVersion(registryIn(capture).get(VERSION) ?? only ?? {}), osInWords)
}

/** Of a firmware that is no UEFI, which these answers name in passing, Secure Boot is off. */
function computerInfo(capture: Capture): Concluded {
  const records = answered({ ...capture, text: withNames(capture) }, readPowerShellRecords)
  const [record = {}] = records.kind === 'value' ? records.value : []
  const isLegacy = [record['BiosFirmwareType'], record['FirmwareType']].some(
    (it) => it === 1 || it === 'Legacy' || it === 'Bios',
  )
  const version: Fact<WindowsVersion> = records.kind === 'value' ? readWindowsVersion(record) : records
  return concluded(version, (it) => ({ ...osInWords(it), ...(isLegacy && { secureBoot: { enabled: false } }) }))
}

const restart = (rebootRequired: boolean): Conclusion => ({ updates: { rebootRequired } })

/** Keys that exist only while something waits; without the others, the first two are an answer where they are missing. */
const isAnswerWhereMissing = (args: string): boolean => /RebootPending|RebootRequired/i.test(args)

function waitingKey(capture: Capture): Concluded {
  const { text, args, program } = capture
  if (readRegQuery(text) || (program !== 'reg' && readPowerShellRecords(text).kind === 'value')) return restart(true)
  if (!saysMissing(text) && !isPathMissing(capture))
    return { unreadable: 'neither the key nor that it is missing is shown' }
  return isAnswerWhereMissing(args) ? restart(false) : {}
}

/** The keys above these list them, while they are there. */
function keyAbove({ text }: Capture): Concluded {
  const shown = readRegQuery(text)
  if (!shown) return { unreadable: 'no key is shown' }
  return restart(shown.below.some((name) => /^(?:RebootPending|RebootRequired)$/i.test(name)))
}

function testPath({ text, args }: Capture): Concluded {
  const exists = flagOf(text)
  if (exists === null) return { unreadable: 'Test-Path said neither True nor False' }
  return exists || isAnswerWhereMissing(args) ? restart(exists) : {}
}

function statedBy(key: string, values: RegistryValues): boolean | null {
  if (key.endsWith('\\au')) return isAutomaticByPolicy(values)
  if (key.includes('policymanager')) return isAutomaticByManagement(values)
  return key.endsWith('\\wuauserv') && values['Start'] === 4 ? false : null
}

export const readers: readonly CorpusReader[] = [
  { of: onWindows(REGISTRY, /Windows NT\\CurrentVersion(?![\\\w])/i), read: currentVersion },
  { of: onWindows(/^cmd$/, /\bver$/i), read: ({ text }) => concluded(readVer(text), osInWords) },
  { of: onWindows(/^ver$/), read: ({ text }) => concluded(readVer(text), osInWords) },
  {
    of: onWindows(POWERSHELL, /\.Search\([^)]*IsInstalled\s*=\s*0/i),
    read: (capture) =>
      concluded(answered(capture, readMissingUpdates), (missing) => ({
        updates: { ...countMissing(missing), names: missing.map(({ title }) => title) },
      })),
  },
  {
    of: onWindows(POWERSHELL, /QueryHistory/i),
    read: (capture) =>
      concluded(answered(capture, readUpdateHistory), ({ lastInstalledAt, isRestartOwed }) => ({
        updates: { lastInstalledAt, ...(isRestartOwed && { rebootRequired: true }) },
      })),
  },
  {
    of: onWindows(POWERSHELL, /Get-HotFix|Win32_QuickFixEngineering|^qfe\b/i),
    read: (capture) =>
      concluded(answered(capture, readHotFixes), ({ count, lastInstalledAt }) => ({
        updates: { installedHotfixes: count, lastInstalledAt },
      })),
  },
  {
    of: onWindows(POWERSHELL, /Microsoft\.Update\.AutoUpdate/i),
    read: (capture) => concluded(answered(capture, readUpdateResults), (updates) => ({ updates })),
  },
  {
    of: onWindows(POWERSHELL, /Microsoft\.Update\.SystemInfo/i),
    read: ({ text }) => {
      const word = flagOf(text)
      return concluded(word === null ? readSystemInfo(text) : value(word), restart)
    },
  },
  {
    of: onWindows(POWERSHELL, /Test-Path\b.*\\(?:RebootPending|RebootRequired|PackagesPending|RebootInProgress)\b/i),
    read: testPath,
  },
  {
    of: onWindows(REGISTRY, /\\(?:RebootPending|RebootRequired|PackagesPending|RebootInProgress)\b/i),
    read: waitingKey,
  },
  {
    of: onWindows(/^reg$/, /\\(?:Component Based Servicing|WindowsUpdate\\Auto Update)['"]*(?:\s|$)/i),
    read: keyAbove,
  },
  {
    of: onWindows(REGISTRY, /Control\\Session Manager['"]*(?:\s|$)/i),
    read: (capture) => {
      const isShown = registryIn(capture).size > 0
      return isShown ? { updates: { rebootRequired: null } } : { unreadable: 'no key is shown' }
    },
  },
  {
    of: onWindows(REGISTRY, /\\WindowsUpdate\b|PolicyManager\\current\\device\\Update|Services\\wuauserv/i),
    read: (capture) => {
      const shown = registryIn(capture)
      if (shown.size === 0) return { unreadable: 'no key is shown' }
      const stated = new Set([...shown].map(([key, values]) => statedBy(key, values)))
      return { updates: { automatic: stated.has(false) ? false : stated.has(true) ? true : null } }
    },
  },
  {
    of: onWindows(REGISTRY, /DESCRIPTION\\System\\BIOS\b/i),
    read: (capture) => {
      const { SystemManufacturer, SystemProductName } = registryIn(capture).get(BIOS) ?? {}
      return { device: { manufacturer: SystemManufacturer, model: SystemProductName } }
    },
  },
  { of: onWindows(POWERSHELL, /Win32_OperatingSystem|Get-ComputerInfo|^os get\b/i), read: computerInfo },
]

const BIOS = 'hklm\\hardware\\description\\system\\bios'

export const notStarted: readonly NotStarted[] = [
  {
    of: onWindows(/^systeminfo$/),
    instead: 'the registry tells the build with its revision; systeminfo takes seconds and speaks every language',
  },
  { of: onWindows(/^wmic$/), instead: 'PowerShell asks the same classes; newer releases have no wmic' },
]
