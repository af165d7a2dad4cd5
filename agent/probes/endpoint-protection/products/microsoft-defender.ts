import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import { isJsonObject, parseJson } from '../../json.ts'
import type { Ask, CatalogueProduct } from '../catalogue.ts'
import type { Flags, Told } from '../told.ts'
import { DEFENDER_NAME, readDefenderRegistration, readMpComputerStatus, readOnboarding } from './mp-computer-status.ts'

/** The answer of `mdatp health`, by the names that its JSON has. */
type Health = ReadonlyMap<string, unknown>

/**
 * Reads `mdatp health`, as JSON or as the lines `name : value` that people see, whole or a part of it (`--details`). The
 * command line of old versions named the lines as the JSON does.
 */
export function readMdatpHealth(stdout: string): Fact<Told> {
  const notRunning = readNoDaemon(stdout)
  if (notRunning) return notRunning
  const health = /^[ \t]*\{/m.test(stdout) ? fromJson(stdout) : fromLines(stdout)
  const says = booleanOf(health, 'healthy')

  const told: Told = {}
  const passive = booleanOf(health, 'passiveModeEnabled')
  const realTime = realTimeOf(health)
  const tamper = textOf(health, 'tamperProtection')
  const upToDate = UP_TO_DATE.get((textOf(health, 'definitionsStatus') ?? '').toLowerCase().replaceAll(/[^a-z]/g, ''))
  const onboarded = onboardedOf(health)
  const machine = textOf(health, 'edrMachineId')
  const version = textOf(health, 'appVersion')
  const definitionsAt = timeOf(health.get('definitionsUpdated'))

  // Without it the extension of macOS sees nothing.
  const sees = booleanOf(health, 'fullDiskAccessEnabled')
  const isDenied = passive === true || realTime === false || onboarded === false || sees === false
  if (says !== undefined) told.healthy = says && !isDenied
  if (passive !== undefined) told.passive = passive
  if (realTime !== undefined) told.realTime = realTime
  if (tamper !== undefined) told.tamperProtection = tamper === 'block'
  if (upToDate !== undefined) told.upToDate = upToDate
  if (onboarded !== undefined) told.onboarded = onboarded
  if (machine !== undefined) Object.assign(told, machine === '' ? { agentId: false } : { agentId: true, id: machine })
  if (version !== undefined && /^[\w.]+$/.test(version)) told.version = version
  if (definitionsAt !== null) told.definitionsAt = definitionsAt
  const issues = health.get('healthIssues')
  if (Array.isArray(issues)) {
    const words = issues.filter((issue) => typeof issue === 'string' && issue !== '')
    if (words.length > 0) told.issues = words
  }
  // An error has no line that is known.
  const isAnswer = Object.keys(told).length > 0 || NAMES.some((name) => health.has(name))
  if (!isAnswer) return unreadable('mdatp health gave no answer that is known')
  return value({ installed: true, running: true, ...told })
}

/** Lines that tell nothing here, and that the service behind it answers. */
const NAMES = [
  'orgId',
  'engineVersion',
  'definitionsUpdated',
  'definitionsUpdatedMinutesAgo',
  'definitionsVersion',
  'healthIssues',
  'machineGuid',
] as const

/** Reads the error of mdatp that the service behind it does not answer; null for any other. */
export function readNoDaemon(text: string): Fact<Told> | null {
  const isSo =
    /^[ \t]*(?:(?:error|attention): )?(?:(?:could not|cannot|failed to|unable to) (?:connect to|communicate with) the daemon|the daemon is not running)\b/im.test(
      text,
    )
  // Who may not ask it cannot connect either.
  return isSo && !/permission/i.test(text) ? value({ installed: true, running: false }) : null
}

/** Whatever is not listed is not known: `updating` says nothing about how old they are now. */
const UP_TO_DATE: ReadonlyMap<string, boolean> = new Map([
  ['uptodate', true],
  ['outofdate', false],
  ['needsupdate', false],
  ['expired', false],
  ['updatefailed', false],
])

/** What is switched on may still not work: then `available` is false. */
function realTimeOf(health: Health): boolean | undefined {
  if (booleanOf(health, 'realTimeProtectionAvailable') === false) return false
  return booleanOf(health, 'realTimeProtectionEnabled')
}

function onboardedOf(health: Health): boolean | undefined {
  const isLicensed = booleanOf(health, 'licensed')
  const organisation = textOf(health, 'orgId')
  if (isLicensed === false || organisation === '') return false
  return isLicensed === undefined || organisation === undefined ? undefined : true
}

/** Newer versions wrap what an admin can set: `{ "value": true, "displayValue": true, "isManaged": false }`. */
function fromJson(stdout: string): Health {
  // It may say more in lines before and after it.
  const parsed = parseJson(stdout.slice(stdout.search(/^[ \t]*\{/m), stdout.lastIndexOf('}') + 1))
  const entries = isJsonObject(parsed) ? Object.entries(parsed) : []
  return new Map(entries.map(([name, it]) => [name, plainOf(name, it)] satisfies [string, unknown]))
}

function plainOf(name: string, it: unknown): unknown {
  if (!isJsonObject(it)) return it
  return name === 'definitionsStatus' ? (it['$type'] ?? it['value']) : (it['value'] ?? it['$type'])
}

function fromLines(stdout: string): Health {
  const health = new Map<string, unknown>()
  for (const line of stdout.split(/\r?\n/)) {
    const [, name = '', text = ''] = /^([a-z]+(?:_[a-z]+)*|[a-z]+(?:[A-Z][a-z]*)+) *: ?(.*)$/.exec(line) ?? []
    // What an admin has set is marked so.
    const plain = text.replace(/ \[managed\]\s*$/, '')
    const camel = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    if (camel !== '') health.set(camel, parseJson(plain) ?? plain.replaceAll('"', '').trim())
  }
  return health
}

function booleanOf(health: Health, name: string): boolean | undefined {
  const it = health.get(name)
  // Old versions print bits.
  if (it === 0 || it === 1) return it === 1
  return typeof it === 'boolean' ? it : undefined
}

/** `unavailable` is how the text form says that there is none. */
function textOf(health: Health, name: string): string | undefined {
  const it = health.get(name)
  if (typeof it !== 'string') return undefined
  return it === 'unavailable' ? '' : it
}

/** Milliseconds since 1970. The text form has a local time without a zone, which is no moment. */
function timeOf(it: unknown): string | null {
  const digits = typeof it === 'string' || typeof it === 'number' ? String(it) : ''
  return /^1\d{12}$/.test(digits) ? new Date(Number(digits)).toISOString() : null
}

const HEALTH: Ask = {
  program: 'mdatp',
  args: ['health', '--output', 'json'],
  plainly: [['health']],
  read: readMdatpHealth,
  readError: readNoDaemon,
  needsRoot: false,
}
const HEALTHY: Flags = { healthy: true, onboarded: true, passive: false, realTime: true, upToDate: true }

export const microsoftDefender: CatalogueProduct = {
  id: 'microsoft-defender',
  linux: {
    folder: '/opt/microsoft/mdatp',
    holds: 'sbin',
    units: ['mdatp.service'],
    processes: ['wdavdaemon'],
    asks: [HEALTH],
    healthyWhen: HEALTHY,
  },
  macos: {
    paths: ['/Applications/Microsoft Defender.app'],
    extension: { bundleId: 'com.microsoft.wdav.epsext', teamId: 'UBF8T346G9' },
    asks: [HEALTH],
    healthyWhen: HEALTHY,
  },
  windows: {
    services: ['WinDefend'],
    parts: [
      {
        service: 'Sense',
        why: 'it is onboarded to Defender for Endpoint, whose sensor does not run',
        onlyWhen: 'onboarded',
      },
    ],
    displayName: DEFENDER_NAME,
    asks: [
      { program: 'powershell', args: ['AntiVirusProduct'], read: readDefenderRegistration, needsRoot: false },
      { program: 'powershell', args: ['Get-MpComputerStatus'], read: readMpComputerStatus, needsRoot: false },
      {
        registry: ['HKLM\\SOFTWARE\\Microsoft\\Windows Advanced Threat Protection\\Status'],
        read: readOnboarding,
        missing: { onboarded: false },
        needsRoot: false,
      },
    ],
    healthyWhen: { healthy: true, passive: false, realTime: true, upToDate: true },
    notes: [{ flag: 'onboarded', when: false, why: 'antivirus only: not onboarded to Defender for Endpoint' }],
  },
}
