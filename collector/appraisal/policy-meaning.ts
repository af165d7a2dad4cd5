import { isDuration, milliseconds } from './duration.ts'
import type { Path } from './located.ts'

/**
 * One text for all values that mean the same at a path of a policy: `24h` and `1d`, lists of the same entries, maps of the
 * same keys, an entry and a list of it alone. Not for what has an order: tiers, resources and overrides.
 */
export function meaningOf(value: unknown, path: Path): string {
  if (Array.isArray(value)) {
    const entries = [...new Set(value.map((it) => meaningOf(it, path)))]
    return entries.length === 1 ? entries.join() : `[${entries.toSorted().join()}]`
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, it]) => `${JSON.stringify(key)}:${meaningOf(it, path)}`)
    return `{${entries.toSorted().join()}}`
  }
  // The tag `24h` of a group is no length of time.
  const isTime = typeof value === 'string' && path[0] !== 'groups' && isDuration(value)
  return isTime ? `${milliseconds(value)} ms` : JSON.stringify(value ?? null)
}

/** What counts where a policy says nothing at a path; undefined where that is for the rule of a check to say. */
export function defaultOf([section, , parameter]: Path): string | undefined {
  switch (section) {
    case 'unknown':
      return 'fail'
    case 'enrolment-grace':
      return '0d'
    case 'checks':
      return CHECK_DEFAULTS.get(parameter)
    default:
      return undefined
  }
}

const CHECK_DEFAULTS: ReadonlyMap<unknown, string> = new Map([
  ['grace', '0m'],
  ['mode', 'enforce'],
])
