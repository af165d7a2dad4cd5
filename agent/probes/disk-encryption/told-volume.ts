import type { Volume } from '../../../shared/signals.ts'

/** A volume as one answer tells it. What the answer does not say is not there. */
export type ToldVolume = {
  /** Where it is mounted: `/`, `C:`. */
  mount?: string
  /** `/dev/disk3s5`, `\\?\Volume{...}\`. */
  device?: string
  /** As people named it. */
  label?: string
  role?: Volume['role']
  state?: Volume['state']
  method?: Volume['method']
  keyProtector?: Volume['keyProtector']
  /** How much of it is encrypted, from 0 to 100. */
  percent?: number
  /** Whether it opens by itself once the system volume is open. */
  autoUnlock?: boolean
  /** What the state alone does not say. */
  detail?: string
}

/** As the signal has them. */
export const LIMITS = { volumes: 64, mountChars: 256, detailChars: 200 } as const

/**
 * The volume as it is reported. One whose role was not told counts as `data`: as the system volume nobody takes it then,
 * neither for good nor for bad.
 */
function reportedVolume(told: ToldVolume): Volume {
  const { mount, device, label, role = 'data', state = 'unknown', method = null, keyProtector = null } = told
  const isTurning = state === 'encrypting' || state === 'decrypting'
  const details = [
    told.detail,
    isTurning && told.percent !== undefined && `${Math.floor(told.percent)} % encrypted`,
    told.autoUnlock === true && 'unlocked with the system volume',
  ].filter(Boolean)
  const volume = {
    mount: (mount ?? label ?? device ?? 'a volume without a name').slice(0, LIMITS.mountChars),
    role,
    state,
    method,
    keyProtector,
  }
  return details.length === 0 ? volume : { ...volume, detail: details.join('; ').slice(0, LIMITS.detailChars) }
}

const ROLES = ['system', 'data', 'swap', 'removable'] as const

function rank({ role, state }: Volume): number {
  return ROLES.indexOf(role) * 2 + (state === 'on' ? 1 : 0)
}

/** The system first, what decides before what does not, and of too many volumes those that are not encrypted. */
export function inOrder(volumes: readonly Volume[]): Volume[] {
  return volumes.toSorted((a, b) => rank(a) - rank(b)).slice(0, LIMITS.volumes)
}

/** What was told, as it is reported. */
export function reportedVolumes(told: readonly ToldVolume[]): Volume[] {
  return inOrder(told.map(reportedVolume))
}
