import { readFileSync } from 'node:fs'

/** A page has one script: what imports and exports name stands in it already. */
const read = (name: string) =>
  readFileSync(new URL(name, import.meta.url), 'utf8').replaceAll(/^import .*\n|^export /gm, '')

/** What the pages run, as it stands in them. */
export const SCRIPTS = {
  deviceCheck: `${read('local-times.js')}${read('asking.js')}${read('device-check-page.js')}`,
  unproved: read('unproved-page.js'),
  denied: `${read('local-times.js')}${read('denied-page.js')}`,
} as const
