import { isJsonObject } from '../../agent/probes/json.ts'

/**
 * What a reader concludes from one output, in the words of the corpus. A key that is missing or null was not told. The
 * arrays name their items by `mount` or `role`, `product`, `name` and `bundleId`.
 */
export type Conclusion = {
  volumes?: readonly object[]
  products?: readonly Named<'product'>[]
  os?: object
  updates?: object
  firewall?: object
  screenLock?: object
  secureBoot?: object
  integrity?: object
  services?: readonly Named<'name'>[]
  extensions?: readonly Named<'bundleId'>[]
  profiles?: object
  device?: object
}

/** An item with its name, and whatever else is told of it. */
type Named<Key extends string> = { readonly [K in Key]: string } & { readonly [key: string]: unknown }

/** A reader's conclusion, or that nothing may be drawn from the output, and why. */
export type Concluded = Conclusion | { unreadable: string }

const IDENTIFYING: Readonly<Record<string, readonly string[]>> = {
  volumes: ['mount', 'role'],
  products: ['product'],
  profiles: ['name'],
  services: ['name'],
  extensions: ['bundleId'],
}

/** Where a conclusion falls short of what is expected, by the conventions of the corpus; none where it does not. */
export function differences(expected: Readonly<Record<string, unknown>>, concluded: Concluded): string[] {
  const isUnreadable = 'unreadable' in concluded
  if (expected['unreadable'] === true) {
    return isUnreadable ? [] : [`concludes ${JSON.stringify(concluded)} where nothing may be drawn`]
  }
  const found = compare(expected, isUnreadable ? {} : concluded, '')
  return isUnreadable && found.length > 0 ? [`unreadable: ${concluded.unreadable}`, ...found] : found
}

function compare(expected: unknown, actual: unknown, path: string): string[] {
  if (expected === null) return actual === null || actual === undefined ? [] : [differs(path, 'nothing', actual)]
  if (Array.isArray(expected)) return compareArrays(expected, Array.isArray(actual) ? actual : [], path)
  if (isJsonObject(expected)) {
    const own = isJsonObject(actual) ? actual : {}
    return Object.entries(expected).flatMap(([key, it]) => compare(it, own[key], path === '' ? key : `${path}.${key}`))
  }
  return isSame(expected, actual) ? [] : [differs(path, JSON.stringify(expected), actual)]
}

function compareArrays(expected: readonly unknown[], actual: readonly unknown[], path: string): string[] {
  if (expected.length === 0) return actual.length === 0 ? [] : [differs(path, 'none', actual)]
  const identifying = IDENTIFYING[path.slice(path.lastIndexOf('.') + 1)] ?? []
  return expected.flatMap((item) => {
    if (!isJsonObject(item)) return actual.includes(item) ? [] : [`${path} lacks ${JSON.stringify(item)}`]
    const key = identifying.find((it) => typeof item[it] === 'string')
    const candidates =
      key === undefined ? actual : actual.filter((it) => isJsonObject(it) && isNamed(it[key], item[key]))
    const wanted = Object.fromEntries(Object.entries(item).filter(([name]) => name !== key))
    const where = `${path}[${key === undefined ? '' : String(item[key])}]`
    // An item that is not told of satisfies what must not be known of it.
    const tries = (candidates.length > 0 ? candidates : [{}]).map((it) => compare(wanted, it, where))
    return tries.find((found) => found.length === 0) ?? tries[0] ?? []
  })
}

/** Windows does not mind the letters of a service's name. */
function isNamed(actual: unknown, expected: unknown): boolean {
  return String(actual).toLowerCase() === String(expected).toLowerCase()
}

function isSame(expected: unknown, actual: unknown): boolean {
  if (expected === actual) return true
  if (typeof expected !== 'string' || typeof actual !== 'string') return false
  if (/^\d{4}-\d{2}-\d{2}T/.test(expected)) return Date.parse(expected) === Date.parse(actual)
  return false
}

function differs(path: string, expected: string, actual: unknown): string {
  return `${path} is ${JSON.stringify(actual) ?? 'not told'}, expected ${expected}`
}
