import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import { textOf, wordOf } from '../powershell.ts'
import { readPowerShellRecords } from '../powershell-text.ts'

/** In the order in which Windows lists them. */
export const PROFILES = ['Domain', 'Private', 'Public'] as const
export type ProfileName = (typeof PROFILES)[number]

/** One of the three kinds of network for which Windows has a firewall. */
export type Profile = {
  name: ProfileName
  /** Whether the firewall is switched on. */
  enabled: boolean
  /** Switched on, but what no rule names comes in all the same. */
  letsAllIn: boolean
}

/** Whether every profile filters; null where none is off, and not all are told. */
export function isFiltering(profiles: readonly Profile[]): boolean | null {
  if (profiles.some(({ enabled, letsAllIn }) => !enabled || letsAllIn)) return false
  return PROFILES.every((name) => profiles.some((it) => it.name === name)) ? true : null
}

/** The signal: which of the profiles filter what comes in. */
export function firewallOf(profiles: readonly Profile[]): Fact<SignalValue['firewall']> {
  const enabled = isFiltering(profiles)
  if (enabled === null) return unreadable('not every profile of the firewall was told')
  const filters = profiles.map(({ name, enabled: isOn, letsAllIn }) => [name, isOn && !letsAllIn] as const)
  return value({ enabled, profiles: Object.fromEntries(filters) })
}

/** GpoBoolean of NetSecurity; 2, "not configured", leaves it to another store. */
const ENABLED: ReadonlyMap<string, boolean> = new Map([
  ['1', true],
  ['true', true],
  ['0', false],
  ['false', false],
])

/** Reads `Get-NetFirewallProfile`, as JSON, a list or a table. A profile whose state is left open is not told. */
export function readNetFirewallProfiles(text: string): Fact<readonly Profile[]> {
  const records = readPowerShellRecords(text)
  if (records.kind !== 'value') return records
  const profiles: Profile[] = []
  for (const record of records.value) {
    const name = profileNamed(textOf(record['Name']) ?? textOf(record['Profile']))
    if (!name || profiles.some((it) => it.name === name)) return unreadable('a profile of the firewall has no name')
    const enabled = ENABLED.get(wordOf(record['Enabled']))
    const inbound = wordOf(record['DefaultInboundAction'])
    if (enabled !== undefined) profiles.push({ name, enabled, letsAllIn: inbound === '2' || inbound === 'allow' })
  }
  return profiles.length > 0 ? value(profiles) : unreadable('no profile of the firewall tells its state')
}

function profileNamed(name: string | null): ProfileName | undefined {
  return PROFILES.find((it) => it.toLowerCase() === name?.toLowerCase())
}
