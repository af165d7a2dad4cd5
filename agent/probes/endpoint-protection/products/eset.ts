import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { RegistryValues } from '../../../host/host.ts'
import { isJsonObject, parseJson } from '../../json.ts'
import type { Ask, CatalogueProduct } from '../catalogue.ts'
import { labelledLines } from '../labelled-lines.ts'
import type { Told } from '../told.ts'
import { dayOf, versionOf } from '../versions-and-times.ts'

/** Reads ESET's key on Windows. `ScannerVersion` is `31234 (20261120)`: in brackets the day of the detection engine. */
export function readEsetKey(values: RegistryValues): Fact<Told> {
  const { ProductVersion: version, ScannerVersion: scanner } = values
  const engine = /^\d+(?:\.\d+)?P? \((\d{8})\)$/.exec(String(scanner ?? '').trim())
  const definitionsAt = dayOf(engine?.[1])
  const product = versionOf(String(version ?? '').trim())
  if (product === undefined && definitionsAt === undefined) return unreadable("ESET's key tells nothing that is known")
  return value({
    installed: true,
    ...(product !== undefined && { version: product }),
    ...(definitionsAt !== undefined && { definitionsAt }),
  })
}

/** Reads `upd --version`: the program, the product in brackets, and its version. */
export function readEsetVersion(stdout: string): Fact<Told> {
  const [, version] = /^\S.* \((?:eea|ees|efs|eeau|esets)\w*\) (\d+(?:\.\d+){1,4})\s*$/m.exec(stdout) ?? []
  return version === undefined ? unreadable('ESET told no version') : value({ installed: true, version })
}

/**
 * Reads `upd --list-modules`: id, version, day in brackets, name. EM002 is the detection engine; the others are replaced
 * when there is something new about them. Only an engine of a known age protects: policies judge it.
 */
export function readEsetModules(stdout: string): Fact<Told> {
  const days = [...stdout.matchAll(/^[ \t]*EM002\s+[\d.]+ \((\d{8})\)\s/gm)].map(([, day]) => dayOf(day))
  const [definitionsAt] = days
  return days.length === 1 && definitionsAt !== undefined
    ? value({ installed: true, protecting: true, definitionsAt })
    : unreadable('ESET listed no detection engine')
}

/** Reads `lic --status`: a block of lines for each product that is licensed, that of the endpoint product first. */
export function readEsetLicence(stdout: string): Fact<Told> {
  const blocks = stdout.split(/\n\s*\n/).map(labelledLines)
  const status = blocks.find((it) => it.has('status'))?.get('status') ?? ''
  if (/^activated$/i.test(status)) return value({ installed: true, onboarded: true })
  const isBad = /^(?:not |in|de|un)activated$|^(?:not licensed|no licen[cs]e|expired|suspended|blocked)\b/i.test(status)
  if (!isBad) return unreadable('ESET told no state of its licence')
  return value({ installed: true, onboarded: false, issues: [`its licence is: ${status}`] })
}

/** Reads the state of the scanner on macOS: switched on, and at work. Each stands in `State.ProtectionStatus`. */
export function readEsetSettings(text: string): Fact<Told> {
  const status = within(within(parseJson(text), 'State'), 'ProtectionStatus')
  const [isOn, works] = ['RTFSEnabled', 'RTFSWorking'].map((name) =>
    within(within(within(status, name), 'Active'), 'ce_val'),
  )
  if (isOn === 0 || works === 0) return value({ installed: true, realTime: false })
  return isOn === 1 && works === 1
    ? value({ installed: true, realTime: true })
    : unreadable('ESET told no state of its scanner')
}

function within(it: unknown, name: string): unknown {
  return isJsonObject(it) ? it[name] : undefined
}

const SETTINGS = '/Library/Application Support/ESET/Security/var/confd/settings.json'

const asks: readonly Ask[] = [
  { program: 'eset-upd', args: ['--version'], read: readEsetVersion, needsRoot: true },
  { program: 'eset-upd', args: ['--list-modules'], read: readEsetModules, needsRoot: true },
  { program: 'eset-lic', args: ['--status'], read: readEsetLicence, needsRoot: true },
]

export const eset: CatalogueProduct = {
  id: 'eset',
  linux: {
    folder: '/opt/eset',
    holds: 'eea',
    units: ['eea.service'],
    // The one that gets the events of files: without it nothing is scanned as it is opened.
    processes: ['oaeventd'],
    asks,
    healthyWhen: { onboarded: true, protecting: true },
    limits: ['it does not show whether it is connected'],
  },
  macos: {
    paths: ['/Applications/ESET Endpoint Security.app', '/Applications/ESET Endpoint Antivirus.app'],
    processes: [
      '/Applications/ESET Endpoint Security.app/Contents/Helpers/ESET Real-time File System Protection.app/',
      '/Applications/ESET Endpoint Antivirus.app/Contents/Helpers/ESET Real-time File System Protection.app/',
    ],
    asks: [...asks, { file: SETTINGS, read: readEsetSettings, needsRoot: true, isOptional: true }],
    healthyWhen: { onboarded: true, protecting: true },
    limits: ['it does not show whether it is connected'],
  },
  windows: {
    services: ['ekrn'],
    displayName: /^ESET\b/i,
    asks: [
      { registry: ['HKLM\\SOFTWARE\\ESET\\ESET Security\\CurrentVersion\\Info'], read: readEsetKey, needsRoot: false },
    ],
    healthyWhen: { realTime: true, upToDate: true },
    limits: ['Windows does not show whether it is connected'],
  },
}
