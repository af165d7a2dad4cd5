import { BlockList, isIP, isIPv6 } from 'node:net'

/** Where a stream may be pushed to. */
export type Target = { url: URL; host: string; isExempt: boolean }
export type Checked<T> = { ok: true; value: T } | { ok: false; problem: string }

/**
 * Reads the address that a receiver wishes to be pushed to: https, or a host that the operator exempted. A receiver is not
 * trusted: by such addresses it could have the collector speak with what only the collector can reach.
 */
export function readTarget(text: string, exempt: readonly string[]): Checked<Target> {
  const url = URL.parse(text)
  if (!url) return refused('it is not an address')
  if (url.username !== '' || url.password !== '') return refused('it has a user name or a password in it')
  if (url.hash !== '') return refused('it has a fragment')
  const host = hostOf(url)
  if (host === '') return refused('it has no host')
  const isExempt = exempt.some((name) => name.toLowerCase() === host)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isExempt)) return refused('it is not https')
  const problem = isIP(host) === 0 || isExempt ? null : forbidden(host)
  return problem === null ? { ok: true, value: { url, host, isExempt } } : refused(problem)
}

/** The host without brackets and a final dot. Other spellings of an IPv4 address are one already: `URL` reads them. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
}

/**
 * Chooses, of the addresses that a name has, the one to connect to. If one of them is forbidden, all are: who mixes them
 * only waits for the right one to be taken.
 */
export function choose({ url, isExempt }: Target, addresses: readonly string[]): Checked<string> {
  const [first] = addresses
  if (first === undefined) return refused('its host has no address')
  if (url.protocol === 'http:' && !addresses.every(isLoopbackAddress)) {
    return refused('without TLS only this machine may be pushed to')
  }
  if (isExempt) return { ok: true, value: first }
  for (const address of addresses) {
    const problem = forbidden(address)
    if (problem !== null) return refused(problem)
  }
  return { ok: true, value: first }
}

const refused = (problem: string): { ok: false; problem: string } => ({ ok: false, problem })

/** Special purpose addresses (RFC 6890 and its registry), and others that a cloud answers on for the machine itself. */
const IPV4: [network: string, bits: number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // what a virtual machine of Azure is served by
  ['169.254.0.0', 16], // link-local, and the metadata of most clouds
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]

/** What of the global unicast addresses is not (https://www.iana.org/assignments/iana-ipv6-special-registry). */
const IPV6: [network: string, bits: number][] = [
  ['2001::', 23], // tunnels that carry an IPv4 address
  ['2001:db8::', 32],
  ['2002::', 16], // the same
  ['3fff::', 20],
]

const barred = new BlockList()
for (const [network, bits] of IPV4) barred.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of IPV6) barred.addSubnet(network, bits, 'ipv6')
const global = new BlockList()
global.addSubnet('2000::', 3, 'ipv6')

/** Why an address may not be connected to; null where it may: it has to be a public one. */
export function forbidden(address: string): string | null {
  const isSix = isIPv6(address)
  if (!isSix && isIP(address) === 0) return `${address} is not an IP address`
  // Of IPv6 only what is public is let through: an IPv4 address in any of its wrappings is not.
  if (isSix && !global.check(address, 'ipv6')) return `${address} is not a public address`
  return barred.check(address, isSix ? 'ipv6' : 'ipv4') ? `${address} is not a public address` : null
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

function isLoopbackAddress(address: string): boolean {
  return isIP(address) !== 0 && loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
