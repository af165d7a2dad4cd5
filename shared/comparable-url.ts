/** A URI is written in these (RFC 3986, appendix A), but that the platform forgives a few more in a path, as browsers send them. */
const WRITABLE = /^https?:\/\/(?!\/)[!#-[\]-~]+$/i

/** Somebody's name before the host, which no request carries. */
const NAMED = /^[^/]*\/\/[^/]*@/

/** `%` and two hexadecimal digits. */
const ENCODED = /%[\da-f]{2}/gi

/**
 * The address of a request in the one form that equal addresses share (RFC 3986, sections 6.2.2 and 6.2.3), without query and
 * fragment; undefined where it is not an absolute one of the web.
 */
export function comparableUrl(text: string): string | undefined {
  // The platform's reader mends what is not a URI: spaces, backslashes, control characters. That would make unlike things alike.
  if (!WRITABLE.test(text)) return undefined
  // What stands encoded without need is read first, or an encoded dot would not count as one everywhere.
  const [address = ''] = text.split(/[?#]/)
  const url = NAMED.test(address) ? undefined : parsed(address.replaceAll(ENCODED, spelt))
  return url && `${url.protocol}//${url.host}${url.pathname}`
}

function parsed(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

/** An encoded character in its one spelling: unreserved ones as they are, all others in capitals. */
function spelt(encoded: string): string {
  const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16))
  return /[A-Za-z0-9\-._~]/.test(character) ? character : encoded.toUpperCase()
}
