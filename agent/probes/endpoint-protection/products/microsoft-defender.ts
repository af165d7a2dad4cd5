import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { CatalogueProduct } from '../catalogue.ts'
import type { Told } from '../told.ts'
import { DEFENDER_NAME, readDefenderRegistration, readMpComputerStatus, readOnboarding } from './mp-computer-status.ts'

/** The answer of `mdatp health`, by the names that its JSON has. */
type Health = ReadonlyMap<string, unknown>

/** Reads `mdatp health`, as JSON or as the lines `name : value` that people see. */
export function readMdatpHealth(stdout: string): Fact<Told> {
  const notRunning = readNoDaemon(stdout)
  if (notRunning) return notRunning
  const health = stdout.includes('{"') || stdout.trimStart().startsWith('{') ? fromJson(stdout) : fromLines(stdout)
  const says = booleanOf(health, 'healthy')
  // An answer that breaks off, or an error, has no overall word.
  if (says === undefined) return unreadable('mdatp health gave no answer that is known')

  const told: Told = { installed: true, running: true }
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
  told.healthy = says && passive !== true && realTime !== false && onboarded !== false && sees !== false
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
  return value(told)
}

/** Reads the error of mdatp that the service behind it does not answer; null for any other. */
export function readNoDaemon(text: string): Fact<Told> | null {
  const isSo = /^(?:error: )?could not connect to the daemon\b/im.test(text)
  return isSo ? value({ installed: true, running: false }) : null
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
  const parsed = jsonOf(stdout.slice(stdout.indexOf('{')))
  const entries = isRecord(parsed) ? Object.entries(parsed) : []
  return new Map(
    entries.map(([name, it]) => [name, isRecord(it) ? (it['value'] ?? it['$type']) : it] satisfies [string, unknown]),
  )
}

function fromLines(stdout: string): Health {
  const health = new Map<string, unknown>()
  for (const line of stdout.split(/\r?\n/)) {
    const [, name = '', text = ''] = /^([a-z]+(?:_[a-z]+)*) *: ?(.*)$/.exec(line) ?? []
    // What an admin has set is marked so.
    const plain = text.replace(/ \[managed\]\s*$/, '')
    const camel = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    if (camel !== '') health.set(camel, jsonOf(plain) ?? plain.replaceAll('"', '').trim())
  }
  return health
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(it: unknown): it is Record<string, unknown> {
  return typeof it === 'object' && it !== null && !Array.isArray(it)
}

function booleanOf(health: Health, name: string): boolean | undefined {
  const it = health.get(name)
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

export const microsoftDefender: CatalogueProduct = {
  id: 'microsoft-defender',
  linux: {
    folder: '/opt/microsoft/mdatp',
    holds: 'sbin',
    units: ['mdatp.service'],
    processes: ['wdavdaemon'],
    asks: [
      {
        program: 'mdatp',
        args: ['health', '--output', 'json'],
        read: readMdatpHealth,
        readError: readNoDaemon,
        needsRoot: false,
      },
    ],
    healthyWhen: { healthy: true, onboarded: true, passive: false, realTime: true, upToDate: true },
  },
  macos: {
    paths: ['/Applications/Microsoft Defender.app'],
    extension: { bundleId: 'com.microsoft.wdav.epsext', teamId: 'UBF8T346G9' },
    asks: [
      {
        program: 'mdatp',
        args: ['health', '--output', 'json'],
        read: readMdatpHealth,
        readError: readNoDaemon,
        needsRoot: false,
      },
    ],
    healthyWhen: { healthy: true, onboarded: true, passive: false, realTime: true, upToDate: true },
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
