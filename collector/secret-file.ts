import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { MusterError } from '../shared/errors.ts'

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

function readOwn(file: string): string | null {
  try {
    const { mode } = statSync(file)
    if ((mode & 0o077) !== 0 && process.platform !== 'win32') {
      throw new MusterError('config-invalid', `${file} can be read by others; run: chmod 600 ${file}`)
    }
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Written aside, synced and renamed: after a power cut the file is whole, or not there. */
function makeSecret(file: string): Buffer {
  const secret = randomBytes(BYTES)
  const aside = `${file}.new`
  const handle = openSync(aside, 'w', 0o600)
  try {
    writeSync(handle, `${secret.toString('base64url')}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(aside, file)
  if (process.platform === 'win32') return secret
  const folder = openSync(dirname(file), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
  return secret
}
