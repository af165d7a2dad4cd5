import { createPrivateKey, createPublicKey, generateKeyPair, sign as signBytes, type KeyObject } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { MusterError } from '../../shared/errors.ts'
import { parsePublicJwk } from '../../shared/evidence.ts'
import { deviceIdOf } from '../../shared/jws.ts'
import { readIfThere, writeDurably } from '../durable.ts'
import type { DeviceKey } from './key.ts'

/** A P-256 key in a file that only its owner may read. */
export async function createSoftwareKey(path: string): Promise<DeviceKey> {
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })
  await writeDurably(path, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  return deviceKey(privateKey, path)
}

/**
 * Opens the key in the file; null where there is none.
 * @throws Error where the file is not a key, or where others could have read it
 */
export async function openSoftwareKey(path: string): Promise<DeviceKey | null> {
  const pem = await readIfThere(path)
  if (pem === null) return null
  await refuseReadableByOthers(path)
  let privateKey: KeyObject
  try {
    privateKey = createPrivateKey(pem)
  } catch {
    throw damaged(path, 'it is not a private key in PEM form')
  }
  return deviceKey(privateKey, path)
}

async function refuseReadableByOthers(path: string): Promise<void> {
  // Windows has no such bits: there the folder's access list decides.
  if (process.platform === 'win32') return
  const { mode } = await stat(path)
  if ((mode & 0o077) === 0) return
  const bits = (mode & 0o777).toString(8)
  throw new MusterError('agent-key-exposed', `${path} has mode ${bits}; "chmod 600 ${path}" closes it`)
}

function deviceKey(privateKey: KeyObject, path: string): DeviceKey {
  const { kty, crv, x, y } = createPublicKey(privateKey).export({ format: 'jwk' })
  const jwk = parsePublicJwk({ kty, crv, x, y })
  if (!jwk.ok) throw damaged(path, 'it is not a P-256 key')
  return {
    id: deviceIdOf(jwk.value),
    jwk: jwk.value,
    protection: 'software',
    sign: (bytes) => signBytes('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  }
}

function damaged(path: string, problem: string): MusterError {
  return new MusterError('agent-state-damaged', `the device key ${path} cannot be used: ${problem}`)
}
