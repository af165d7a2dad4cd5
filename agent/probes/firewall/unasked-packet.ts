/**
 * The packet that decides whether a firewall filters: the first of a new TCP connection, from anywhere, over a real
 * network card, to a low port that no rule names. A condition is true for it, false, or (undefined) cannot be told;
 * the latter counts as "does not concern it", like every exception that lets a single thing in.
 */
export type Holds = boolean | undefined

export const not = (holds: Holds): Holds => (holds === undefined ? undefined : !holds)

/** Names that systemd and the kernel give to cards, dial-up and USB; bridges, tunnels and containers have others. */
const CARD = /^(?:en|eth|wl|ww|usb|ib|p\d+p|em\d)/

export function isFromCard(name: string): boolean {
  // `en+` and `wl*` are how the two formats write "all that begin so".
  return name === '+' || name === '*' || CARD.test(name)
}

export function isAnywhere(address: string): boolean {
  return address.endsWith('/0')
}

export const isNew = (state: string): boolean => state.toLowerCase() === 'new'
export const isTcp = (protocol: string): boolean => ['tcp', '6', 'all', '0'].includes(protocol.toLowerCase())

/** Fedora's default zone opens 1025 to 65535: that is a filter. All ports are none. */
export const isAllPorts = (from: number, to: number): boolean => from <= 1 && to >= 1024
