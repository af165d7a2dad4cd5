/**
 * The cookies of the device check. The prefix `__Host-` has a browser take them only from this very host, over a secure
 * connection and for the whole host, so that no neighbour below the same domain can plant one.
 */
export const COOKIES = {
  check: '__Host-muster-check',
  state: '__Host-muster-state',
  device: '__Host-muster-device',
} as const

/**
 * The value of a cookie in a `Cookie` header (RFC 6265, section 4.2.1); null where there is none, or more than one: then
 * nobody can say which is ours. Of the white space only what HTTP knows is taken off: a name that begins with another kind
 * is not ours, so a browser takes it from a neighbour.
 */
export function cookieOf(header: string | undefined, name: string): string | null {
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((pair) => pair.startsWith(`${name}=`))
  return values.length === 1 ? (values[0] ?? '').slice(name.length + 1) : null
}

/** A `Set-Cookie` header; the value has to be of the characters that a cookie may have, and 0 seconds remove it. */
export function setCookie(name: string, value: string, seconds: number): string {
  return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; Secure; SameSite=Lax`
}
