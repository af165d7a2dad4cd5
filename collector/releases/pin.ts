import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto'
import { MusterError } from '../../shared/errors.ts'
import type { Parsed } from '../../shared/schema.ts'

/** What a source is held to: its very bytes, or whoever holds a key. */
export type Pin = { kind: 'sha256'; digest: Buffer } | { kind: 'key'; key: KeyObject }

/** Reads `sha256=` with 64 digits or 43 characters of base64url, or `key=` with a public key in DER form (SPKI). */
export function parsePin(text: string): Parsed<Pin> {
  const [, kind, given = ''] = /^(sha256|key)=([\w+/-]+)={0,2}$/.exec(text) ?? []
  if (kind === undefined) return { ok: false, problem: 'the pin after # is neither sha256=... nor key=...' }
  if (kind === 'key') return keyPin(Buffer.from(given, 'base64url'))
  const digest = Buffer.from(given, /^[0-9a-f]{64}$/i.test(given) ? 'hex' : 'base64url')
  return digest.length === 32
    ? { ok: true, value: { kind: 'sha256', digest } }
    : { ok: false, problem: 'the pin sha256= is no SHA-256: 64 digits, or 43 characters of base64url' }
}

function keyPin(der: Buffer): Parsed<Pin> {
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    if (key.asymmetricKeyType === 'ed25519' || key.asymmetricKeyDetails?.namedCurve === 'prime256v1') {
      return { ok: true, value: { kind: 'key', key } }
    }
  } catch {
    // Said below: whatever it is, it is no key of the two kinds.
  }
  return { ok: false, problem: 'the pin key= is no public key of Ed25519 or P-256 in base64url (DER, SPKI)' }
}

/**
 * Compares what came with its pin. `signature` is the text of the file beside it.
 * @throws MusterError `releases-unverified`
 */
export function requirePinned(pin: Pin, content: Uint8Array, signature: string | null): void {
  switch (pin.kind) {
    case 'sha256': {
      const digest = createHash('sha256').update(content).digest()
      if (digest.equals(pin.digest)) return
      throw new MusterError(
        'releases-unverified',
        `its SHA-256 is ${digest.toString('hex')}, which is not the pinned one`,
      )
    }
    case 'key':
      if (signature !== null && isSigned(content, signature, pin.key)) return
      throw new MusterError('releases-unverified', 'its signature is not one of the pinned key')
  }
}

/** A signature is base64, as openssl prints it. Those of P-256 are in DER form, or r and s (IEEE P1363). */
function isSigned(content: Uint8Array, text: string, key: KeyObject): boolean {
  const base64 = text.replaceAll(/\s/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return false
  const signature = Buffer.from(base64, 'base64')
  if (key.asymmetricKeyType === 'ed25519') return verify(null, content, key, signature)
  const dsaEncoding = signature.length === 64 ? 'ieee-p1363' : 'der'
  return verify('sha256', content, { key, dsaEncoding }, signature)
}
