import type { Platform } from '../../shared/signals.ts'

/**
 * What chooses the rules of a device. The platform is that of the enrolment: what a device says of itself later does not
 * choose its rules.
 */
export type DeviceProfile = {
  id: string
  platform: Platform
  tags: readonly string[]
  /** E-mail address; null where nobody is named. */
  owner: string | null
}
