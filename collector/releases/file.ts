import { open, stat } from 'node:fs/promises'
import { MusterError } from '../../shared/errors.ts'

/** Reads a file whole, if it has no more than so many bytes; null where there is none. @throws MusterError `releases-unreachable` */
export async function readSourceFile(path: string, maxBytes: number): Promise<Uint8Array | null> {
  try {
    const file = await open(path, 'r')
    try {
      const stats = await file.stat()
      if (!stats.isFile()) throw new MusterError('releases-unreachable', 'it is no file')
      if (stats.size > maxBytes) throw new MusterError('releases-unreachable', `it is longer than ${maxBytes} bytes`)
      const content = await file.readFile()
      // Half of a list may look like a whole one. It is read again once it has come to rest.
      const { size, mtimeMs } = await file.stat()
      if (size !== stats.size || mtimeMs !== stats.mtimeMs) {
        throw new MusterError('releases-unreachable', 'it changes while it is read')
      }
      return content
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof MusterError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new MusterError('releases-unreachable', `it cannot be read: ${code}`, { cause: error })
  }
}

/** What changes when a file does; the same text for every file that cannot be looked at. */
export async function fingerprintOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path)
    return `${mtimeMs} ${size} ${ino}`
  } catch {
    return 'none'
  }
}
