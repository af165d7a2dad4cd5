import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  sign as signBytes,
  type KeyObject,
} from 'node:crypto'
import { promisify } from 'node:util'
import { MusterError } from '../../shared/errors.ts'
import { readOwn, writeOwn } from '../own-file.ts'

/** An RSA key as others need it (RFC 7517; RFC 7518, section 6.3). */
export type RsaJwk = { kty: 'RSA'; n: string; e: string; kid: string; alg: 'RS256'; use: 'sig' }

/** Signs security event tokens with RS256, as the CAEP interoperability profile asks for. */
export type SetSigner = {
  sign(claims: string): Promise<string>
  jwks(): Promise<{ keys: RsaJwk[] }>
}

const BITS = 2048
const make = promisify(generateKeyPair)
const signed = promisify(signBytes)

/**
 * The signer with the key of a file, which is made when it is first needed: most collectors never have a stream.
 * @throws MusterError `config-invalid` where the file is there and cannot be used
 */
export function openSetSigner(file: string): SetSigner {
  const written = readOwn(file)
  let key: Promise<Held> | null = written === null ? null : Promise.resolve(heldOf(written, file))

  function current(): Promise<Held> {
    key ??= firstKey(file).catch((error: unknown) => {
      key = null
      throw error
    })
    return key
  }

  return {
    async sign(claims) {
      const { key: secret, jwk } = await current()
      const header = Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'secevent+jwt', kid: jwk.kid }))
      const text = `${header.toString('base64url')}.${Buffer.from(claims).toString('base64url')}`
      return `${text}.${(await signed('sha256', Buffer.from(text), secret)).toString('base64url')}`
    },
    jwks: async () => ({ keys: [(await current()).jwk] }),
  }
}

type Held = { key: KeyObject; jwk: RsaJwk }

async function firstKey(file: string): Promise<Held> {
  const { privateKey } = await make('rsa', { modulusLength: BITS })
  try {
    writeOwn(file, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  } catch (error) {
    throw new MusterError('store-unavailable', `${file} cannot be written`, { cause: error })
  }
  return heldOf(privateKey, file)
}

function heldOf(material: string | KeyObject, file: string): Held {
  const key = typeof material === 'string' ? keyOf(material, file) : material
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {}
  const { n, e } = createPublicKey(key).export({ format: 'jwk' })
  if (key.asymmetricKeyType !== 'rsa' || modulusLength < BITS || n === undefined || e === undefined) {
    throw new MusterError('config-invalid', `${file} has no RSA key of ${BITS} bits or more`)
  }
  // RFC 7638: the members that are required, in this order.
  const kid = createHash('sha256')
    .update(JSON.stringify({ e, kty: 'RSA', n }))
    .digest('base64url')
  return { key, jwk: { kty: 'RSA', n, e, kid, alg: 'RS256', use: 'sig' } }
}

function keyOf(pem: string, file: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    throw new MusterError('config-invalid', `${file} has a key that cannot be read`, { cause: error })
  }
}
