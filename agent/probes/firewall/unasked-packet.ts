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

/** The packet goes to this machine itself, and opens a connection. */
export const isLocal = (kind: string): boolean => kind.toLowerCase() === 'local'
export const isToHost = (kind: string): boolean => /^(?:host|unicast|0)$/.test(kind)
export const isOriginal = (direction: string): boolean => /^(?:original|0)$/i.test(direction)
export const isSyn = (flag: string): boolean => flag.toLowerCase() === 'syn'

/** Whether, of the flags that are looked at, just those are set that are where `SYN` alone is. */
export function isSynAlone(looked: readonly string[], set: readonly string[]): boolean {
  return looked.every((flag) => has(set, flag) === isSyn(flag)) && set.every((flag) => has(looked, flag))
}

function has(flags: readonly string[], flag: string): boolean {
  return flags.some((it) => it.toLowerCase() === flag.toLowerCase())
}

/** Fedora's default zone opens 1025 to 65535: that is a filter. All ports are none. */
export const isAllPorts = (from: number, to: number): boolean => from <= 1 && to >= 1024
