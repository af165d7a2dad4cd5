import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { MusterError } from '../shared/errors.ts'

/**
 * A file that only the collector's own user may read; null where there is none.
 * @throws MusterError `config-invalid` where others can read it
 */
export function readOwn(file: string): string | null {
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

/** Written aside, synced and renamed: after a power cut there is the file of before or that of after. */
export function writeOwn(file: string, content: string): void {
  const aside = `${file}.new`
  const handle = openSync(aside, 'w', 0o600)
  try {
    writeSync(handle, content)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  chmodSync(aside, 0o600)
  renameSync(aside, file)
  syncFolder(dirname(file))
}

/** A name is on disk when its folder is; Windows cannot, and need not, open one. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
