import { createPrivateKey, createPublicKey, generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { MusterError } from '../shared/errors.ts'
import { Time } from '../shared/fact.ts'
import { PublicJwk, thumbprint, type Sign } from '../shared/jws.ts'
import { jsonParserOf, oneOf, parserOf, strict } from '../shared/schema.ts'
import { readOwn, writeOwn } from './own-file.ts'
import { KEY_STAGES, type KeyStage } from './protocol/key-plan.ts'

/** A key that signs, with where it is in its life. */
export type SigningKey = { kid: string; jwk: PublicJwk; sign: Sign; key: KeyObject; state: KeyStage; since: Date }

const Coordinate = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })
const PrivateJwk = strict({ ...PublicJwk.properties, d: Coordinate })
const KeyFile = strict({
  version: Type.Literal(1),
  keys: Type.Array(strict({ state: oneOf(KEY_STAGES), since: Time, key: PrivateJwk }), {
    minItems: 1,
    maxItems: 32,
  }),
})
const parseKeyFile = jsonParserOf(KeyFile)
const parsePrivateJwk = parserOf(PrivateJwk)

/** Where the keys of a collector's folder are. */
export function keyFileOf(folder: string): string {
  return join(folder, 'attestation-keys.json')
}

/** Where a release that had only one key kept it; one that is found is taken over. */
function formerFileOf(folder: string): string {
  return join(folder, 'attestation-key.pem')
}

/**
 * The keys of a folder; the first is made where there is none.
 * @throws MusterError `config-invalid` where the file is readable by others, damaged, or has other keys than P-256 ones
 */
export function openKeyFile(folder: string, now: Date): SigningKey[] {
  const file = keyFileOf(folder)
  const text = readOwn(file)
  const keys = text === null ? firstKeys(folder, now) : parseKeys(text, file)
  forgetFormer(folder, keys)
  return keys
}

function parseKeys(text: string, file: string): SigningKey[] {
  const parsed = parseKeyFile(text)
  if (!parsed.ok) throw new MusterError('config-invalid', `${file} is damaged: ${parsed.problem}`)
  const keys = parsed.value.keys.map(({ state, since, key }) =>
    signingKey(keyOf(key, file), state, new Date(since), file),
  )
  if (keys.filter(({ state }) => state === 'active').length !== 1) {
    throw new MusterError('config-invalid', `${file} is damaged: it needs one active key`)
  }
  return keys
}

function firstKeys(folder: string, now: Date): SigningKey[] {
  const former = formerFileOf(folder)
  const pem = readOwn(former)
  const first = pem === null ? newKey('active', now) : signingKey(keyOf(pem, former), 'active', now, former)
  writeKeyFile(folder, [first])
  return [first]
}

/** A key of the former file that is in the new one must not come back when the new one is removed. */
function forgetFormer(folder: string, keys: readonly SigningKey[]): void {
  const former = formerFileOf(folder)
  const pem = readOwn(former)
  if (pem === null) return
  const { kid } = signingKey(keyOf(pem, former), 'active', new Date(0), former)
  if (keys.some((key) => key.kid === kid)) rmSync(former)
}

/** A fresh key, which is nowhere but in memory. */
export function newKey(state: KeyStage, since: Date): SigningKey {
  return signingKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, state, since, 'a new key')
}

function signingKey(key: KeyObject, state: KeyStage, since: Date, from: string): SigningKey {
  const parsed = parsePrivateJwk(key.export({ format: 'jwk' }))
  if (!parsed.ok) throw new MusterError('config-invalid', `${from} is not a P-256 key`)
  const { kty, crv, x, y } = parsed.value
  const jwk = { kty, crv, x, y }
  return {
    kid: thumbprint(jwk),
    jwk,
    sign: (bytes) => signBytes('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }),
    key,
    state,
    since,
  }
}

function keyOf(material: string | Static<typeof PrivateJwk>, file: string): KeyObject {
  try {
    const key = createPrivateKey(typeof material === 'string' ? material : { key: material, format: 'jwk' })
    // Numbers that are no point of the curve, or not those of the private part, show only here.
    const own = createPublicKey(key).export({ format: 'jwk' })
    if (typeof material === 'object' && own.x !== material.x) throw new Error('its parts do not belong together')
    return key
  } catch (error) {
    throw new MusterError('config-invalid', `${file} has a key that cannot be read`, { cause: error })
  }
}

/** Written aside, synced and renamed: after a power cut there are the keys of before or those of after. */
export function writeKeyFile(folder: string, keys: readonly SigningKey[]): void {
  const content = {
    version: 1,
    keys: keys.map(({ state, since, key }) => ({
      state,
      since: since.toISOString(),
      key: key.export({ format: 'jwk' }),
    })),
  }
  writeOwn(keyFileOf(folder), `${JSON.stringify(content, null, 2)}\n`)
}
