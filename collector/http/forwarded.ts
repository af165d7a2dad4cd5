import type { FastifyRequest } from 'fastify'
import { MusterError } from '../../shared/errors.ts'

/** The request that a gateway asks about, as the gateway describes it. */
export type Forwarded = {
  method: string
  /** `https` where the gateway does not say. */
  scheme: string
  /** As the client wrote it, in lower case, with a port where there is one; null where the gateway does not say. */
  host: string | null
  /** Path and query, with the slash that it begins with; null where the gateway does not say. */
  uri: string | null
  /** The address that the request came from; null where the gateway does not say. */
  client: string | null
}

const NOT_THE_GATEWAYS = Object.fromEntries(
  ['host', 'uri', 'method', 'proto', 'for'].map((name) => [`x-forwarded-${name}`, undefined]),
)

/** A name or an address, and a port: nothing that could end a header, an address or a page. */
const HOST = /^(?:[a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$/
const METHOD = /^[A-Za-z][A-Za-z-]{0,30}$/
/** Node joins a header that came twice with a comma and a space, and no address has a space in it. */
const URI = /^\/\S*$/

/**
 * Reads what a gateway says of the request that it holds back: in `X-Original-*`, or in the `X-Forwarded-*` that Caddy and
 * Traefik write, else, as Envoy asks, in the path of its own request after the tier. Two that say different things are
 * refused: one of them is not the gateway's. Behind a proxy of our own `X-Forwarded-*` is that proxy's, and says nothing.
 * @throws MusterError `request-invalid`
 */
export function forwardedOf(
  { headers: all, method, url }: Pick<FastifyRequest, 'headers' | 'method' | 'url'>,
  isBehindProxy = false,
): Forwarded {
  const headers = isBehindProxy ? { ...all, ...NOT_THE_GATEWAYS } : all
  const below = belowTier(url)
  const uri = only('address', [headers['x-original-uri'], headers['x-forwarded-uri']]) ?? below
  if (below !== null && uri !== null && pathOf(below) !== pathOf(uri)) throw contradiction('address')
  if (uri !== null && !URI.test(uri))
    throw new MusterError('request-invalid', 'the address that was asked for is no path')
  const said = only('host', [headers['x-original-host'], headers['x-forwarded-host']])
  const host = (said ?? (below === null ? null : (headers.host ?? null)))?.toLowerCase() ?? null
  if (host !== null && !HOST.test(host))
    throw new MusterError('request-invalid', 'the host that was asked for is not one')
  const asked = only('method', [headers['x-original-method'], headers['x-forwarded-method']]) ?? method
  if (!METHOD.test(asked)) throw new MusterError('request-invalid', 'the method that was asked for is not one')
  const scheme = only('scheme', [headers['x-original-proto'], headers['x-forwarded-proto']])
  return {
    method: asked,
    scheme: scheme === 'http' ? 'http' : 'https',
    host,
    uri,
    client: clientOf(headers['x-original-for'] ?? headers['x-forwarded-for']),
  }
}

/**
 * The resource, as the map of the policy knows it.
 * @throws MusterError `request-invalid` where the gateway does not say what was asked for, and on which host
 */
export function addressOf({ host, uri }: Pick<Forwarded, 'host' | 'uri'>): string {
  if (host === null || uri === null) {
    const missing = host === null ? 'host' : 'address'
    const header = host === null ? 'Host' : 'Uri'
    throw new MusterError(
      'request-invalid',
      `the resource map needs the ${missing} that was asked for, in X-Original-${header} or X-Forwarded-${header}`,
    )
  }
  // Node takes each byte of a header for a character.
  return `${host}${Buffer.from(uri, 'latin1').toString()}`
}

/** The address that the client asked for; without a host or a path it is none that anything can be proved for. */
export function urlOf({ scheme, host, uri }: Pick<Forwarded, 'scheme' | 'host' | 'uri'>): string {
  return host === null || uri === null ? '' : `${scheme}://${host}${uri}`
}

/** The one value of headers that mean the same; null where none is there. */
function only(what: string, values: readonly (string | string[] | undefined)[]): string | null {
  const given = values.filter((value) => value !== undefined && value !== '')
  const [first = null] = given
  if (given.some((value) => typeof value !== 'string' || value !== first)) throw contradiction(what)
  return typeof first === 'string' ? first : null
}

function contradiction(what: string): MusterError {
  return new MusterError('request-invalid', `the gateway names two different values for the ${what} that was asked for`)
}

/** What stands after `/v1/forward-auth/{tier}`; null where nothing does. */
function belowTier(url: string): string | null {
  return /^\/v1\/forward-auth\/[^/?]*(\/.*)$/s.exec(url)?.[1] ?? null
}

function pathOf(uri: string): string {
  return uri.split('?')[0] ?? ''
}

/** The last that was added is the gateway's own; what a client wrote stands before it. */
function clientOf(all: string | string[] | undefined): string | null {
  const last = (typeof all === 'string' ? all : '').split(',').at(-1)?.trim() ?? ''
  return /^[0-9a-fA-F:.[\]]{2,60}$/.test(last) ? last : null
}

/**
 * Dot segments, in any spelling, could make two programs see two different paths; so could what is before the tier, where
 * it is not written as it is here.
 * @throws MusterError `path-refused`
 */
export function refuseOddPaths(url: string): void {
  const [path = ''] = url.split('?')
  let plain = path
  try {
    plain = decodeURIComponent(path)
  } catch {
    throw new MusterError('path-refused')
  }
  if (!path.startsWith('/v1/forward-auth/')) throw new MusterError('path-refused')
  if (plain.split(/[/\\]/).some((segment) => segment === '.' || segment === '..')) throw new MusterError('path-refused')
}
