import { randomBytes } from 'node:crypto'
import { MusterError } from '../shared/errors.ts'
import { readOwn, writeOwn } from './own-file.ts'

const BYTES = 32
const WRITTEN = /^[A-Za-z0-9_-]{43}\n?$/

/**
 * The secret of a file, 32 bytes, which is made where there is none. Only the collector's own user may read it.
 * @throws MusterError `config-invalid` where the file is readable by others or damaged
 */
export function openSecretFile(file: string): Buffer {
  const written = readOwn(file)
  if (written === null) return makeSecret(file)
  if (!WRITTEN.test(written)) {
    throw new MusterError('config-invalid', `${file} is damaged; remove it, and a new one is made`)
  }
  return Buffer.from(written.trim(), 'base64url')
}

function makeSecret(file: string): Buffer {
  const secret = randomBytes(BYTES)
  writeOwn(file, `${secret.toString('base64url')}\n`)
  return secret
}
