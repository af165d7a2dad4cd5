import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config.ts'

/**
 * The database of a collector that was started before. A command that made one would answer for a collector that nobody runs, and
 * its keys open nothing. @throws Error where there is none
 */
export function databaseOf({ data, folder }: Pick<Config, 'data' | 'folder'>): string {
  const file = join(folder, 'muster.db')
  if (existsSync(file)) return file
  throw new Error(
    `No collector was ever started on the data folder ${data}. Give the --data or --config of the one that you mean ("npm start" has muster-data), or start one there first: muster-collector serve.`,
  )
}
