import { covers, matches, wildcard, type Wildcard } from './wildcard.ts'

/** Addresses without scheme and query, as `payroll.example.com/a`. */
export type AddressPattern = {
  symbols: Wildcard
  test(address: string): boolean
  /** Whether it has capital letters, in its path. */
  hasCapitals: boolean
  /** The same as `test` where capital letters are small ones, for an address without any. */
  testFolded(address: string): boolean
  /** Whether every address of another pattern is one of this, as far as that can be told. */
  covers(other: Pick<AddressPattern, 'symbols'>): boolean
}

/**
 * `*` stands for anything but a slash, `**` for anything. A pattern without a slash covers a whole host, and one that ends
 * with a slash and `**` covers the folder itself: many a server answers `/admin` as it does `/admin/`.
 */
export function addressPattern(match: string): AddressPattern {
  const text = match.includes('/') ? match : `${match}/**`
  const symbols = wildcard(text)
  const folded = wildcard(text.toLowerCase())
  const isFolder = text.endsWith('/**')
  const asFolder = (address: string) => (isFolder && !address.endsWith('/') ? `${address}/` : address)
  return {
    symbols,
    test: (address) => matches(symbols, asFolder(address), '/'),
    hasCapitals: text !== text.toLowerCase(),
    testFolded: (address) => matches(folded, asFolder(address), '/'),
    covers: (other) => covers(symbols, other.symbols, '/'),
  }
}

const WRONG: readonly [form: RegExp, problem: string][] = [
  [/^[a-z][a-z0-9+.-]*:\/\//i, 'begins with a scheme: leave it out, addresses are compared without'],
  [/[?#]/, 'holds a query: addresses are compared without'],
  [/^\s|\s$|\p{Cc}/u, 'begins or ends with a space, or holds a control character'],
  [/^(?:\/|$)/, 'begins without a host: any host is *'],
  [/^[^/]*@/, 'names a user: addresses are compared without'],
  [/^[^/]*:[\d*]+(?:\/|$)/, 'names a port: addresses are compared without'],
  [/^[^/]*\.(?:\/|$)/, 'has a host that ends with a dot: addresses are compared without'],
  [/^[^/]*\p{Lu}/u, 'has a host with capital letters: addresses are compared in small ones'],
]

/** Hosts with other letters than these are sent in a form that has only these: `xn--...`. */
export const isForeignHost = (match: string): boolean => /^[^/]*\P{ASCII}/u.test(match)

/** Why an entry of the resource map can stand for no address; null where it can. */
export function matchProblem(match: string): string | null {
  return WRONG.find(([form]) => form.test(match))?.[1] ?? null
}
