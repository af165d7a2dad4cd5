import type { DeviceProfile } from './profile.ts'
import { matches, wildcard } from './wildcard.ts'

/** A set of devices, as the policy names it. One entry that fits makes a member. */
export type Group = { tags?: readonly string[]; owners?: readonly string[]; devices?: readonly string[] }

/** Whether a device is a member of a group, prepared once for many devices. */
export function membershipOf({ tags = [], owners = [], devices = [] }: Group): (device: DeviceProfile) => boolean {
  const named = new Set(devices)
  const addresses = new Set(owners.map((owner) => owner.toLowerCase()))
  const patterns = [...addresses].filter((owner) => owner.includes('*')).map(wildcard)
  return (device) => {
    if (named.has(device.id) || tags.some((tag) => device.tags.includes(tag))) return true
    const owner = device.owner?.toLowerCase()
    return owner !== undefined && (addresses.has(owner) || patterns.some((pattern) => matches(pattern, owner, '@')))
  }
}

/** Why an owner that a group names can be nobody's address; null where it can. `*` stands for anything but an @. */
export function ownerProblem(owner: string): string | null {
  if (/\s/.test(owner)) return 'holds a space'
  if (owner.includes('**')) return 'holds two * in a row: one stands for anything but an @'
  return /^[^@]+@[^@]+$/.test(owner) ? null : "must be an e-mail address, or one with a * ('*@it.example.com')"
}
