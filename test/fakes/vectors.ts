import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

// Published test data is not ours to ship: it stands beside the checkout, or where the variable says.
/** The folder of published test data. */
export const VECTORS = process.env['MUSTER_VECTORS'] ?? join(import.meta.dirname, '../../../shared/vectors')

/** Why tests that need published test data are skipped; empty where the data is there. */
export const NO_VECTORS = existsSync(VECTORS) ? '' : ' (skipped: MUSTER_VECTORS names no folder of test data)'

export function readVectors(name: string): unknown {
  return JSON.parse(readFileSync(join(VECTORS, name), 'utf8'))
}
