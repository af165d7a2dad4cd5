import { readRegQuery, saysMissing } from '../../../agent/host/windows/reg-query.ts'
import type { RegistryValues } from '../../../agent/host/host.ts'
import { extensionOf } from '../../../agent/probes/endpoint-protection/macos.ts'
import {
  readFalconctl,
  readFalconctlError,
  readSensorKey,
} from '../../../agent/probes/endpoint-protection/products/crowdstrike-falcon.ts'
import { readFalconStats, readNotLoaded } from '../../../agent/probes/endpoint-protection/products/falcon-stats.ts'
import { readAgentKey, readExtensionStatus } from '../../../agent/probes/endpoint-protection/products/huntress.ts'
import { readMdatpHealth, readNoDaemon } from '../../../agent/probes/endpoint-protection/products/microsoft-defender.ts'
import {
  readMpComputerStatus,
  readOnboarding,
} from '../../../agent/probes/endpoint-protection/products/mp-computer-status.ts'
import { readSentinelctl } from '../../../agent/probes/endpoint-protection/products/sentinelone.ts'
import { readSentinelStatus } from '../../../agent/probes/endpoint-protection/products/sentinelctl-macos.ts'
import { readSentinelCtl } from '../../../agent/probes/endpoint-protection/products/sentinelctl-windows.ts'
import { PRODUCTS } from '../../../agent/probes/endpoint-protection/products/all.ts'
import { readAntiVirusProducts, toldOf } from '../../../agent/probes/endpoint-protection/security-center.ts'
import { strangersOf } from '../../../agent/probes/endpoint-protection/strangers.ts'
import {
  readExtensionDatabase,
  readExtensionList,
  type SystemExtension,
} from '../../../agent/probes/endpoint-protection/system-extensions.ts'
import type { Told } from '../../../agent/probes/endpoint-protection/told.ts'
import { missingParts, runningOf } from '../../../agent/probes/endpoint-protection/windows.ts'
import { readPlist } from '../../../agent/probes/plist.ts'
import { readPowerShellRecords } from '../../../agent/probes/powershell-text.ts'
import { readIsActive, readUnits, type UnitState } from '../../../agent/probes/systemctl.ts'
import { readSc, readServiceRecords, type WindowsService } from '../../../agent/probes/windows-services.ts'
import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { Capture } from '../capture.ts'
import type { Concluded, Conclusion } from '../conclusion.ts'
import { concluded, onLinux, onMacos, onWindows, type CorpusReader, type NotStarted, type Of } from '../reader.ts'
import { registryIn } from '../registry.ts'
import { withField, withNames } from '../shown-alone.ts'
import { unitsIn } from '../units.ts'

const KEY = /^(?:reg|registry|powershell|pwsh)$/
const POWERSHELL = /^(?:powershell|pwsh|wmi|wmic)$/

/** A product's own answer, which is in the words of the corpus already. */
export function told(product: string, fact: Fact<Told>): Concluded {
  return concluded(fact, (words) => ({ products: [{ product, ...words }] }))
}

type Reads = { read: (text: string) => Fact<Told>; readError?: (text: string) => Fact<Told> | null }

/** As the agent asks a program: of one that ended with an error only what its reader of errors makes of it. */
export function saysOf(of: Of, product: string, { read, readError }: Reads): CorpusReader {
  return {
    of,
    read: (capture) => {
      const { text, exitCode } = capture
      const fact = read(withField({ ...capture, text: withNames(capture) }))
      // Many captures do not say how their program ended.
      if (exitCode === null) return told(product, fact.kind === 'value' ? fact : (readError?.(text) ?? fact))
      if (exitCode === 0) return told(product, fact)
      return told(product, readError?.(text) ?? unreadable(`it ended with ${exitCode}`))
    },
  }
}

/** Whether a command asks a key for some of its values, by their names. */
const SOME_VALUES = /(?:\s\/v|-Name|Select(?:-Object)?|-ExpandProperty)\s|\)\.\w+/i

/**
 * The values of a key, from `reg.exe` or from a list of PowerShell. The agent always asks for all that it needs: where
 * others than `needed` were asked for, that this one is missing tells nothing.
 */
export function keyOf(
  of: Of,
  product: string,
  read: (values: RegistryValues) => Fact<Told>,
  missing: Fact<Told> = unreadable('there is no such key'),
  needed = '',
): CorpusReader {
  return {
    of,
    read: (capture) => {
      const { text, program, args } = capture
      if (SOME_VALUES.test(args) && !args.includes(needed)) return { unreadable: `${needed} was not asked for` }
      const shown = [...registryIn(capture)].filter(([key]) => of.args?.test(key))
      const [, inKey] = shown.find((it) => needed in it[1]) ?? shown[0] ?? []
      const found = inKey ?? readRegQuery(text)?.values
      if (found) return told(product, read(found))
      // Of PowerShell the part of its error that is not translated.
      if (saysMissing(text) || /\bPathNotFound,/.test(text)) return told(product, missing)
      if (program === 'reg') return { unreadable: 'reg.exe shows no key' }
      const records = readPowerShellRecords(withNames(capture))
      if (records.kind !== 'value') return told(product, records)
      const entries = Object.entries(records.value[0] ?? {})
      const values = entries.flatMap(([name, it]) =>
        typeof it === 'string' || typeof it === 'number' ? [[name, it] as const] : [],
      )
      return told(product, read(Object.fromEntries(values)))
    },
  }
}

function services(fact: Fact<readonly WindowsService[]>, { args }: Capture): Concluded {
  if (fact.kind === 'absent') {
    const [, quoted, plain = ''] =
      /(?:query|queryex|qc|Get-Service(?:\s+-Name)?)\s+(?:['"]([^'"]+)['"]|([^\s'"|]+))/i.exec(args) ?? []
    const name = quoted ?? plain
    const service: WindowsService = { name, running: false }
    return { services: [service] }
  }
  return concluded(fact, (list): Conclusion => {
    const known = new Map(list.map((service) => [service.name.toLowerCase(), service]))
    const products = PRODUCTS.flatMap(({ id, windows }) => {
      const names = windows?.services.flatMap((it) => it) ?? []
      if (!windows || !names.some((name) => known.get(name.toLowerCase())?.running !== undefined)) return []
      // What was not asked for is not missing, and drivers are asked for by themselves.
      const asked = windows.services.filter((it) => [it].flat().some((name) => isAsked(name, args)))
      const { told: runs } = runningOf({ ...windows, services: asked, drivers: [] }, known, value(known))
      const isWhole = asked.length === windows.services.length && !windows.drivers
      const parts = (windows.parts ?? []).filter(({ service, onlyWhen }) => !onlyWhen && isAsked(service, args))
      const { healthy } = runs.running === false ? { healthy: false } : missingParts({ ...windows, parts }, known, runs)
      const running = runs.running === false || isWhole ? runs.running : undefined
      return [{ product: id, installed: true, running, healthy }]
    })
    return { services: list, products }
  })
}

/** Whether a command would have shown a service, by the names or patterns that it was given; without any it shows all. */
function isAsked(service: string, args: string): boolean {
  const given = [...args.matchAll(ASKED)].flatMap(([, names, filter]) => (names ?? filter ?? '').split(','))
  const patterns = given.map((it) => it.trim().replaceAll(/^['"]|['"]$/g, '')).filter((it) => it !== '')
  if (patterns.length === 0) return !/Where-Object|\?\s*\{/i.test(args)
  return patterns.some((pattern) => patternOf(pattern).test(service))
}

/** Names with blanks stand in quotes. */
const ASKED =
  /(?:Get-Service(?:\s+-Name)?|\b(?:query|queryex|qc))\s+((?:(?:"[\w *?]+"|'[\w *?]+'|[\w*?]+)(?:\s*,\s*|(?=\s|$)))+)|(?:-like|\bName\s*(?:=|like))\s*("[\w *?%]+"|'[\w *?%]+'|[\w*?%]+)/gi

function patternOf(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(/[*%]/g, '.*').replaceAll('?', '.')}$`, 'i')
}

function securityCenter(capture: Capture): Concluded {
  return concluded(readAntiVirusProducts(withNames(capture)), (center) => {
    const known = PRODUCTS.flatMap(({ id, windows }) => {
      const ours = center.filter(({ displayName }) => windows?.displayName?.test(displayName))
      return ours.length > 0 ? [{ id, ours }] : []
    })
    const strangers = center.filter((it) => !known.some(({ ours }) => ours.includes(it)))
    return {
      products: [
        ...known.map(({ id, ours }) => ({ product: id, installed: true, ...toldOf(ours) })),
        ...strangersOf(strangers).map(({ product, realTime }) => ({ product, installed: true, realTime })),
      ],
    }
  })
}

function systemExtensions(fact: Fact<SystemExtension[]>): Concluded {
  return concluded(fact, (extensions) => ({
    extensions,
    products: PRODUCTS.flatMap(({ id, macos }) => {
      const ours = macos && extensionOf(macos, extensions)
      return ours ? [{ product: id, installed: true, running: ours.active }] : []
    }),
  }))
}

/** What a filter behind `systemextensionsctl` left over has no count any more. */
function counted({ text, args }: Capture): string {
  if (!/\|\s*(?:e?grep|awk|sed)\b/.test(args) || /extension\(s\)/.test(text)) return text
  return `${text.split('\n').filter((line) => /\[[^\]]*\]\s*$/.test(line)).length} extension(s)\n${text}`
}

/** Whether units of the catalogue run. One that does not may not be there at all. */
function active({ text, args }: Capture): Concluded {
  const names = unitsIn(args)
  return concluded(readIsActive(text, names.length), (flags) => ({
    services: names.map((name, at) => {
      const service = { name, running: flags[at] ?? null }
      return service
    }),
    products: PRODUCTS.flatMap(({ id, linux }) => {
      const known = names.flatMap((name, at) => (linux?.units.includes(name) ? (flags[at] ?? []) : []))
      return known.map((running) => ({ product: id, running, ...(running && { installed: true }) }))
    }),
  }))
}

/** The units of the catalogue, by which its products run on Linux. */
function units({ text, args }: Capture): Concluded {
  return concluded(readUnits(text, unitsIn(args)), (list) => ({
    services: list.map(serviceOf),
    products: PRODUCTS.flatMap(({ id, linux }) => {
      const ours = list.filter(({ name, isInstalled }) => isInstalled && linux?.units.includes(name))
      return ours.map(({ isRunning }) => ({ product: id, installed: true, running: isRunning }))
    }),
  }))
}

function serviceOf({ name, isRunning, isEnabled }: UnitState): { name: string } {
  const service = { name, running: isRunning, enabled: isEnabled }
  return service
}

const UNITS = PRODUCTS.flatMap(({ linux }) => linux?.units.map((unit) => unit.replace(/\.service$/, '')) ?? [])

const asksFor = (verb: string) => new RegExp(`^(?:-\\S+\\s+)*${verb}\\b.*\\b(?:${UNITS.join('|')})\\b`)

export const readers: readonly CorpusReader[] = [
  saysOf(onLinux(/^falconctl$/), 'crowdstrike-falcon', { read: readFalconctl, readError: readFalconctlError }),
  saysOf(onMacos(/^falconctl$/), 'crowdstrike-falcon', { read: readFalconStats, readError: readNotLoaded }),
  keyOf(
    onWindows(KEY, /CrowdStrike|CSAgent\\Sim/i),
    'crowdstrike-falcon',
    readSensorKey,
    unreadable('there is no such key'),
    'AG',
  ),
  saysOf({ program: /^mdatp$/, args: /^(?:--)?health\b/ }, 'microsoft-defender', {
    read: readMdatpHealth,
    readError: readNoDaemon,
  }),
  saysOf(onWindows(POWERSHELL, /MpComputerStatus|EncodedCommand/i), 'microsoft-defender', {
    read: readMpComputerStatus,
  }),
  keyOf(
    onWindows(KEY, /Windows Advanced Threat Protection(?:\\Status)?/i),
    'microsoft-defender',
    readOnboarding,
    value({ onboarded: false }),
    'OnboardingState',
  ),
  saysOf(onLinux(/^sentinelctl$/), 'sentinelone', { read: readSentinelctl }),
  saysOf(onMacos(/^sentinelctl$/), 'sentinelone', { read: readSentinelStatus }),
  saysOf(onWindows(/^sentinelctl$/), 'sentinelone', { read: readSentinelCtl }),
  saysOf(onMacos(/^huntress$/, /^(?:extensionctl )?status\b/), 'huntress', { read: readExtensionStatus }),
  keyOf(onWindows(KEY, /Huntress Labs/i), 'huntress', readAgentKey, unreadable('there is no such key'), 'AgentId'),
  { of: onLinux(/^systemctl$/, asksFor('show')), read: units },
  { of: onLinux(/^systemctl$/, asksFor('is-active')), read: active },
  { of: onWindows(POWERSHELL, /AntiVirusProduct/i), read: securityCenter },
  {
    of: onWindows(POWERSHELL, /\bGet-Service\b|Win32_(?:Service|SystemDriver)\b|^(?:service|sysdriver)\b/i),
    read: (capture) => services(readServiceRecords(withNames(capture)), capture),
  },
  { of: onWindows(/^sc$/, /\b(?:query|queryex|qc)\b/i), read: (capture) => services(readSc(capture.text), capture) },
  {
    of: onMacos(/^systemextensionsctl$/, /^list\b/),
    read: (capture) => systemExtensions(readExtensionList(counted(capture))),
  },
  {
    of: onMacos(/^(?:file|plutil)$/, /\/Library\/SystemExtensions\/db\.plist/),
    read: ({ text }) => {
      const plist = readPlist(text)
      return systemExtensions(plist.kind === 'value' ? readExtensionDatabase(plist.value) : plist)
    },
  },
]

export const notStarted: readonly NotStarted[] = [
  {
    of: onLinux(/^falcon-kernel-check$/),
    instead: 'falconctl tells whether the sensor is in reduced functionality mode',
  },
  { of: { program: /^mdatp$/ }, instead: 'mdatp health, which tells the version too and needs no network' },
  { of: onWindows(POWERSHELL, /MpPreference/i), instead: 'Get-MpComputerStatus tells what works, not what was set' },
  { of: onWindows(/^(?:tasklist|net|driverquery|fltmc)$/), instead: 'services and drivers, by PowerShell or sc.exe' },
  {
    of: onWindows(POWERSHELL, /WscGetSecurityProviderHealth/i),
    instead: 'it names no product: the objects of Security Center do, and the firewall has its own settings',
  },
  { of: onWindows(POWERSHELL, /(?:AntiSpyware|Firewall)Product/i), instead: 'AntiVirusProduct' },
  { of: onWindows(POWERSHELL, /\bGet-Process\b/i), instead: 'services tell what runs: anybody can name a process' },
  { of: onLinux(/^ps$/), instead: 'control groups tell what runs: anybody can name a process' },
  {
    of: onMacos(/^ps$/),
    instead: 'ps with the paths of programs and none of their arguments',
  },
  { of: onMacos(/^launchctl$/), instead: 'system extensions and ps, where a process has the path of its program' },
]
