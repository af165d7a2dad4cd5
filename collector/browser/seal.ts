import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Static, TSchema } from 'typebox'
import { jsonParserOf } from '../../shared/schema.ts'

/** Writes something down for a browser to keep, which can read it but not change it. */
export type Seal<T> = {
  seal(value: T): string
  /** What was sealed; null for anything else. Whether it is still good is for the caller to say. */
  open(sealed: string): T | null
}

/** More than anything that is sealed here; a browser keeps 4,096 bytes of a cookie. */
const CHARACTERS = 4096

/** `purpose` keeps what was sealed for one purpose from being taken for another. */
export function sealOf<S extends TSchema>(secret: Uint8Array, purpose: string, schema: S): Seal<Static<S>> {
  const parse = jsonParserOf(schema)
  const key = createHmac('sha256', secret).update(purpose).digest()
  const macOf = (body: string) => createHmac('sha256', key).update(body).digest()
  return {
    seal(value) {
      const body = Buffer.from(JSON.stringify(value)).toString('base64url')
      return `${body}.${macOf(body).toString('base64url')}`
    },
    open(sealed) {
      const [body = '', mac = '', ...more] = sealed.length > CHARACTERS ? [] : sealed.split('.')
      const given = Buffer.from(mac, 'base64url')
      const own = macOf(body)
      // One signature is written in one way only.
      if (more.length > 0 || given.length !== own.length || given.toString('base64url') !== mac) return null
      if (!timingSafeEqual(given, own)) return null
      const parsed = parse(Buffer.from(body, 'base64url').toString())
      return parsed.ok ? parsed.value : null
    },
  }
}
