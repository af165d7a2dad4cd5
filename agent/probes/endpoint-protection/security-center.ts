import { unreadable, unsupported, value, type Fact } from '../../../shared/fact.ts'
import type { Host } from '../../host/host.ts'
import { isJsonObject } from '../json.ts'
import { readPowerShellRecords, type PowerShellRecord } from '../powershell-text.ts'
import { unreadableBecause } from '../probe.ts'
import type { Told } from './told.ts'

/** An antivirus that has registered with Windows Security Center. */
export type Registration = {
  displayName: string
  state: 'on' | 'off' | 'snoozed' | 'expired' | 'unknown'
  upToDate?: boolean
  /** False where the program that reports for it is gone: an uninstalled product left its entry behind. */
  hasProgram?: boolean
}

/** Reads which antivirus products Security Center knows. Windows Server has none. */
export async function readSecurityCenter(host: Host): Promise<Fact<Registration[]>> {
  const ran = await host.run('powershell', ['AntiVirusProduct'])
  if (!ran.ok) return unreadableBecause(ran)
  if (/^\s*\[\s*\]\s*$/.test(ran.stdout)) return value([])
  return readAntiVirusProducts(`${ran.stdout}\n${ran.stderr}`)
}

/**
 * Reads objects of `AntiVirusProduct`, alone or beside those of `FirewallProduct` and `AntiSpywareProduct`, which say
 * nothing about an antivirus. That none is printed does not mean that there is none: many never register.
 */
export function readAntiVirusProducts(text: string): Fact<Registration[]> {
  // WBEM_E_INVALID_NAMESPACE; the words around it are localised.
  if (/0x8004100e/i.test(text)) return unsupported('this Windows has no Security Center')
  const records = readPowerShellRecords(text)
  if (records.kind !== 'value') return records
  const products = records.value.flatMap(antiVirusOf)
  const registrations = products.map(registrationOf)
  const whole = registrations.flatMap((it) => it ?? [])
  return whole.length === registrations.length ? value(whole) : unreadable('an entry of Security Center makes no sense')
}

/** The object itself, or what stands under `antiVirus` in one that holds the answers of all three classes. */
function antiVirusOf(record: PowerShellRecord): PowerShellRecord[] {
  const classes = Object.entries(record).filter(([name]) =>
    /^(?:antivirus|antispyware|firewall)(?:products?)?$/i.test(name),
  )
  if (classes.length > 0) {
    return classes.flatMap(([name, it]) => (/^antivirus/i.test(name) ? listOf(it) : []))
  }
  const kind = classOf(record)
  return kind === undefined || /antivirus/i.test(kind) ? [record] : []
}

function listOf(it: unknown): PowerShellRecord[] {
  if (Array.isArray(it)) return it.filter(isJsonObject)
  if (isJsonObject(it) && Array.isArray(it['value'])) return listOf(it['value'])
  return isJsonObject(it) ? [it] : []
}

function classOf(record: PowerShellRecord): string | undefined {
  const system = record['CimSystemProperties']
  const name = record['__CLASS'] ?? (isJsonObject(system) ? system['ClassName'] : undefined)
  return typeof name === 'string' ? name : undefined
}

function registrationOf(record: PowerShellRecord): Registration | null {
  const { displayName, productState, hasProgram } = record
  if (typeof displayName !== 'string' || displayName.trim() === '') return null
  if (productState === undefined) return { displayName: displayName.trim(), state: 'unknown' }
  const state = typeof productState === 'string' ? Number(productState) : productState
  if (typeof state !== 'number' || !Number.isInteger(state) || state < 0 || state > 0xffff_ffff) return null
  const upToDate = DEFINITIONS[(state >>> 4) & 0xf]
  return {
    displayName: displayName.trim(),
    state: STATES[(state >>> 12) & 0xf] ?? 'unknown',
    ...(upToDate !== undefined && { upToDate }),
    ...(typeof hasProgram === 'boolean' && { hasProgram }),
  }
}

/**
 * `productState` is not documented; its meaning has been the same since Windows 8. Bits 12 to 15 are the state, 4 to 7
 * whether the definitions are old.
 */
const STATES = ['off', 'on', 'snoozed', 'expired'] as const
const DEFINITIONS = [true, false] as const

/** What Security Center tells of a product of the catalogue. Two entries that contradict each other tell nothing. */
export function toldOf(registrations: readonly Registration[]): Told {
  const realTime = sameOf(registrations.map(({ state }) => (state === 'unknown' ? undefined : state === 'on')))
  const upToDate = sameOf(registrations.map((it) => it.upToDate))
  return { ...(realTime !== undefined && { realTime }), ...(upToDate !== undefined && { upToDate }) }
}

function sameOf(flags: readonly (boolean | undefined)[]): boolean | undefined {
  const [first, ...others] = new Set(flags)
  return others.length === 0 ? first : undefined
}
