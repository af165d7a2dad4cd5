import type { KEY_PROTECTIONS } from '../../shared/evidence.ts'
import type { PublicJwk, Sign } from '../../shared/jws.ts'

/** The key of this device. Whatever keeps the private half, nothing but signatures comes out of it. */
export type DeviceKey = {
  /** The device id, which is made of the public half. */
  id: string
  jwk: PublicJwk
  protection: (typeof KEY_PROTECTIONS)[number]
  sign: Sign
}
