import { createPrivateKey, createPublicKey, generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto'
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs'
import { MusterError } from '../shared/errors.ts'
import { parsePublicJwk } from '../shared/evidence.ts'
import { TYP, signJws, thumbprint, type PublicJwk, type Sign } from '../shared/jws.ts'
import type { AttestationClaims } from './protocol/claims.ts'

/** Holds the key that signs attestations; nothing else ever sees it. */
export type Issuer = {
  attest(claims: AttestationClaims): Promise<string>
  /** The JWK Set that verifies what was signed (RFC 7517). */
  jwks(): { keys: (PublicJwk & { kid: string; alg: 'ES256'; use: 'sig' })[] }
}

/** An issuer over any signer: a key in a file here, a key in a service elsewhere. */
export function issuerOf({ jwk, sign }: { jwk: PublicJwk; sign: Sign }): Issuer {
  const kid = thumbprint(jwk)
  return {
    attest: (claims) => signJws({ typ: TYP.attestation, kid }, claims, sign),
    jwks: () => ({ keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig' }] }),
  }
}

/**
 * The signer of a key file, which is made where there is none.
 * @throws MusterError `config-invalid` where the file is readable by others, or is not a P-256 key
 */
export function fileSigner(file: string): { jwk: PublicJwk; sign: Sign } {
  const key = readKey(file) ?? makeKey(file)
  const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' })
  const jwk = parsePublicJwk({ kty, crv, x, y })
  if (!jwk.ok) throw new MusterError('config-invalid', `${file} is not a P-256 key`)
  return { jwk: jwk.value, sign: (bytes) => signBytes('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }) }
}

function readKey(file: string): KeyObject | null {
  let pem: string
  try {
    const { mode } = statSync(file)
    if ((mode & 0o077) !== 0 && process.platform !== 'win32') {
      throw new MusterError('config-invalid', `${file} can be read by others; run: chmod 600 ${file}`)
    }
    pem = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw new MusterError('config-invalid', `${file} is not a private key in PEM form`, { cause: error })
  }
}

/** Written aside, synced and renamed: after a power cut there is a whole key or none. */
function makeKey(file: string): KeyObject {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const aside = `${file}.new`
  const handle = openSync(aside, 'w', 0o600)
  writeSync(handle, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  fsyncSync(handle)
  closeSync(handle)
  chmodSync(aside, 0o600)
  renameSync(aside, file)
  return privateKey
}
