import { unreadable, value, type Fact } from '../../../shared/fact.ts'

/**
 * Reads whether ufw is switched on (/etc/ufw/ufw.conf, written by `ufw enable`) and refuses what comes in
 * (/etc/default/ufw; null where that is not known: refusing is what ufw does unless it is told not to). The service is no sign: ufw.service is active even when ufw is not switched on.
 */
export function readUfw(conf: string, defaults: string | null): Fact<boolean> {
  const enabled = settingOf(conf, 'ENABLED')
  if (enabled === 'no') return value(false)
  if (enabled !== 'yes') return unreadable('/etc/ufw/ufw.conf does not say whether ufw is on')
  if (defaults === null) return value(true)
  const policy = settingOf(defaults, 'DEFAULT_INPUT_POLICY')
  if (policy === 'drop' || policy === 'reject') return value(true)
  if (policy === 'accept') return value(false)
  return unreadable('/etc/default/ufw does not say what becomes of what comes in')
}

/** With `no`, ufw refuses all of IPv6 but loopback (ufw(8)). */
export const isUfwForIpv6 = (defaults: string): boolean => ['yes', 'no'].includes(settingOf(defaults, 'IPV6') ?? '')

/** The last one counts, as the shell reads it. */
function settingOf(text: string, name: string): string | undefined {
  const lines = [...text.matchAll(/^[ \t]*([A-Z0-9_]+)=["']?(\w*)["']?[ \t]*(?:#.*)?$/gm)]
  return lines.findLast(([, key]) => key === name)?.[2]?.toLowerCase()
}

/** Reads /proc/net/if_inet6: whether anything but loopback has an IPv6 address. */
export function hasIpv6(addresses: string): boolean {
  return addresses.split('\n').some((line) => line.trim() !== '' && !/\slo$/.test(line))
}
