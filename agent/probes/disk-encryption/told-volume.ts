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

const LIMITS = { mountChars: 256, detailChars: 200 } as const

/**
 * The volume as it is reported. One whose role was not told counts as `data`: as the system volume nobody takes it then,
 * neither for good nor for bad.
 */
export function reportedVolume(told: ToldVolume): Volume {
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
