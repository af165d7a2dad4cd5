import type { Parsed } from '../../shared/schema.ts'
import type { AddressPattern } from '../appraisal/policy-resources.ts'
import { matches } from '../appraisal/wildcard.ts'
import { isLoopback } from '../loopback.ts'
import { CHECK_LIMITS } from './limits.ts'

/** Which hosts a browser may be sent back to. */
export type ReturnHosts = {
  resources: readonly { pattern: Pick<AddressPattern, 'symbols'> }[]
  /** Those that gateways were registered with, as `gatewayHost` writes them. */
  registered: readonly string[]
}

// Nothing before the path but a scheme, a plain name or address, and a port: what programs could read in two ways is refused.
const PLAIN = /^(https?):\/\/([a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?(?=[/?#]|$)/i
const SLASH = '/'.charCodeAt(0)

/**
 * Where a browser goes after its check: an address of a protected host. Paths below `/.muster/` are not pages of it.
 * What is good is the address that comes back, as browsers write it, and never the text that was given.
 */
export function returnAddress(given: string, hosts: ReturnHosts): Parsed<URL> {
  const plain = plainAddress(given)
  if (!plain.ok) return plain
  const url = plain.value
  if (hosts.registered.includes(url.host) || hosts.resources.some(({ pattern }) => isOfMap(pattern, url.hostname)))
    return plain
  return no(`${url.host} is not a host of the resource map, and no gateway was made with --host ${url.host}`)
}

/** An address of this very host, which the gateway names; for a browser that never left it. */
export function sameHostAddress(given: string, hostname: string): Parsed<URL> {
  const plain = plainAddress(given)
  return !plain.ok || plain.value.hostname === hostname ? plain : no('it is of another host')
}

function plainAddress(given: string): Parsed<URL> {
  const [, scheme = '', name = ''] = PLAIN.exec(given) ?? []
  const url = URL.parse(given)
  if (scheme === '' || !url) return no('it is not a plain address with a scheme and a host')
  // Other ways to write a name, an address or a port would be rewritten.
  if (url.hostname !== name.toLowerCase() || name.endsWith('.')) return no('its host is not written plainly')
  if (given.split('?')[0]?.includes('\\')) return no('it has a backslash in it')
  if (scheme.toLowerCase() !== 'https' && !isOwnMachine(url.hostname)) return no('it is not https')
  url.hash = ''
  if (isOurs(url.pathname)) return no('it is of the device check itself')
  // As it will stand in a cookie.
  if (JSON.stringify(url.href).length > CHECK_LIMITS.returnCharacters) return no('it is too long')
  return { ok: true, value: url }
}

function no(problem: string): { ok: false; problem: string } {
  return { ok: false, problem }
}

/** Browsers know `wiki.localhost` for their own machine as well. */
function isOwnMachine(hostname: string): boolean {
  return isLoopback(hostname) || hostname.endsWith('.localhost')
}

function isOurs(path: string): boolean {
  let plain = path
  try {
    plain = decodeURIComponent(path)
  } catch {
    // Then a gateway cannot take it for ours either.
  }
  return /^[/\\]+\.muster([/\\]|$)/i.test(plain)
}

/**
 * Whether the resource map names a host. A pattern has to end in letters of its own, `*.example.com`: `*` and `wiki.*`
 * stand for hosts of anybody.
 */
function isOfMap({ symbols }: Pick<AddressPattern, 'symbols'>, hostname: string): boolean {
  const slash = symbols.indexOf(SLASH)
  const host = slash === -1 ? symbols : symbols.slice(0, slash)
  // The two wildcards are below zero.
  const own = host.slice(host.findLastIndex((symbol) => symbol < 0) + 1)
  return own.length > 1 && matches(host, hostname, '/')
}
