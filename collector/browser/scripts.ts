import { readFileSync } from 'node:fs'

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')

/** What the pages run, as it stands in them. */
export const SCRIPTS = {
  deviceCheck: `${read('local-times.js')}${read('device-check-page.js')}`,
  unproved: read('unproved-page.js'),
  denied: `${read('local-times.js')}${read('denied-page.js')}`,
} as const
