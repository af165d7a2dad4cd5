import type { CheckId } from '../../../shared/standing.ts'
import type { Rule } from '../rule.ts'
import { diskEncryption } from './disk-encryption.ts'
import { endpointProtection } from './endpoint-protection.ts'
import { firewall } from './firewall.ts'
import { osPatch } from './os-patch.ts'
import { osSupported } from './os-supported.ts'
import { screenLock } from './screen-lock.ts'
import { secureBoot } from './secure-boot.ts'

/** Every check of the policy and the rule that judges it, one line each. */
export const RULES = {
  'os-supported': osSupported,
  'os-patch': osPatch,
  'disk-encryption': diskEncryption,
  'endpoint-protection': endpointProtection,
  firewall,
  'screen-lock': screenLock,
  'secure-boot': secureBoot,
} as const satisfies Record<CheckId, Rule>
