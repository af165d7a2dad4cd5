import Sqlite from 'better-sqlite3'
import { MusterError } from '../shared/errors.ts'

/**
 * Holds a data folder for one process. The lock is the operating system's, through SQLite, so it ends with the process
 * however that ends, and a file left behind locks nothing.
 * @throws MusterError `data-folder-in-use`
 */
export function lockFolder(file: string): { release(): void } {
  const db = new Sqlite(file, { timeout: 0 })
  try {
    db.exec('begin exclusive')
  } catch (error) {
    db.close()
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY') {
      throw new MusterError('data-folder-in-use', file, { cause: error })
    }
    throw error
  }
  return { release: () => void db.close() }
}
