import { join, resolve } from 'node:path'

/** Where the captures stand: beside the project, or where MUSTER_CORPUS says. */
export const CORPUS = resolve(process.env['MUSTER_CORPUS'] ?? join(import.meta.dirname, '../../../shared/corpus'))
