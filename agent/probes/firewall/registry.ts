import type { RegistryValues } from '../../host/host.ts'
import { numberOf } from '../powershell.ts'
import type { Profile, ProfileName } from './profiles.ts'

const LOCAL = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy'
const POLICY = 'HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall'

/**
 * Where the settings of a profile stand, the strongest first: group policy, management (MDM), then what was set by hand.
 * The private profile is called "standard" where older versions had only that one, and policies of their time hold for
 * the public one too.
 */
export const STORES: Readonly<Record<ProfileName, readonly string[]>> = {
  Domain: [`${POLICY}\\DomainProfile`, `${LOCAL}\\Mdm\\DomainProfile`, `${LOCAL}\\DomainProfile`],
  Private: [
    `${POLICY}\\PrivateProfile`,
    `${POLICY}\\StandardProfile`,
    `${LOCAL}\\Mdm\\StandardProfile`,
    `${LOCAL}\\StandardProfile`,
  ],
  Public: [
    `${POLICY}\\PublicProfile`,
    `${POLICY}\\StandardProfile`,
    `${LOCAL}\\Mdm\\PublicProfile`,
    `${LOCAL}\\PublicProfile`,
  ],
}

/** Of these a recording that a person wrote may know nothing: few machines have them. A machine always answers for them. */
export const isRare = (store: string): boolean => /\\Mdm\\|\\WindowsFirewall\\StandardProfile$/.test(store)

/** What the stores of a profile say together; null where none tells whether it is on. */
export function profileIn(name: ProfileName, stores: readonly RegistryValues[]): Profile | null {
  const setting = (value: string) => stores.map((it) => it[value]).find((it) => it !== undefined)
  const enabled = numberOf(setting('EnableFirewall'))
  if (enabled !== 0 && enabled !== 1) return null
  // 0 blocks, 1 allows; where it is not set Windows blocks.
  const inbound = setting('DefaultInboundAction')
  return { name, enabled: enabled === 1, letsAllIn: inbound !== undefined && numberOf(inbound) !== 0 }
}
