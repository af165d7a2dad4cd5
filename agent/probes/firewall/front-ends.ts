import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import { isAllPorts, isFromCard } from './unasked-packet.ts'

/**
 * Reads `ufw status` or `ufw status verbose` as root: whether ufw is loaded and refuses what comes in. The default stands
 * in the verbose form only; without it ufw refuses, unless it was told otherwise.
 */
export function readUfwStatus(stdout: string): Fact<boolean> {
  const text = stdout.replaceAll('\r', '')
  const [, status] = /^Status: (active|inactive)$/m.exec(text) ?? []
  const [, incoming] = DEFAULTS.exec(text) ?? /^Default: (\w+) \(incoming\)/m.exec(text) ?? []
  if (status === 'inactive') return value(false)
  if (status === undefined && (incoming === undefined || !/^\S[^:\n]*: /.test(text))) {
    return unreadable('ufw does not tell whether it is active')
  }
  if (incoming !== undefined && !/^(?:deny|reject|allow)$/.test(incoming)) {
    return unreadable('ufw does not tell what becomes of what comes in')
  }
  const isOpen = [...text.matchAll(ALL_LET_IN)].some(([, card]) => card === undefined || isFromCard(card))
  return value(incoming !== 'allow' && !isOpen)
}

/** A rule that lets everything in from everywhere, on all cards or on one. */
const ALL_LET_IN =
  /^(?:\[ *\d+\] )?(?:Anywhere(?:\/tcp)?|[01]:65535\/tcp)(?: \(v6\))?(?: on (\S+))?\s+ALLOW(?: IN)?\s+Anywhere\b/gm

/** The policies stand in this order, and in English, in every language; ufw tells them only while it is active. */
const DEFAULTS =
  /^\S[^:\n]*: (allow|deny|reject) \([^)\n]+\), (?:allow|deny|reject) \([^)\n]+\), (?:allow|deny|reject|disabled) \([^)\n]+\)$/m

/**
 * Reads `firewall-cmd --list-all-zones`: whether every zone that is in use refuses what no rule of it names. Zones in use
 * are marked, and so is the default one in newer versions; one that only bridges to containers and virtual machines are
 * in is no way in from outside. `--list-all` is the same of one zone. `--state` tells only whether firewalld runs: its zones refuse
 * unless they were told otherwise.
 */
export function readFirewalldZones(stdout: string): Fact<boolean> {
  const text = stdout.replaceAll('\r', '')
  if (/^\s*(?:FirewallD is )?not running\s*$/i.test(text)) return value(false)
  if (/^\s*running\s*$/.test(text)) return value(true)
  const zones = text.split(/^(?=\S)/m).filter((block) => /^\S+(?: \([\w, -]+\))?\n {2}target:/.test(block))
  const used = zones.filter((block) => /^\S+ \([^)]*\b(?:active|default)\b/.test(block) && !isVirtual(block))
  if (used.length === 0) return unreadable('firewalld does not tell which zones are in use')
  const targets = used.map((block) => /^ {2}target: (\S+)$/m.exec(block)?.[1] ?? '')
  if (!targets.every((target) => TARGETS.has(target))) return unreadable('a zone of firewalld has no target')
  return value(targets.every((target) => TARGETS.get(target) === true) && !used.some(letsAllIn))
}

/** Whether a zone with this target refuses; `default` rejects all but pings. */
const TARGETS: ReadonlyMap<string, boolean> = new Map([
  ['default', true],
  ['DROP', true],
  ['%%REJECT%%', true],
  ['REJECT', true],
  ['ACCEPT', false],
])

/** Cards that software makes up for what runs on this machine. */
const VIRTUAL =
  /^(?:docker\d*|br-[\da-f]{12}|virbr\d+|podman\d+|cni-podman\d+|lxdbr\d+|lxcbr\d+|incusbr\d+|vmnet\d+|vboxnet\d+)$/

/** Whether all that is in a zone is virtual. The default zone has whatever is in no other. */
function isVirtual(block: string): boolean {
  if (/^\S+ \([^)]*\bdefault\b/.test(block)) return false
  const [, interfaces = ''] = /^ {2}interfaces: (.+)$/m.exec(block) ?? []
  const [, sources = ''] = /^ {2}sources: (.+)$/m.exec(block) ?? []
  const names = interfaces.split(' ').filter((name) => name !== '')
  return names.length > 0 && sources.trim() === '' && names.every((name) => VIRTUAL.test(name))
}

/** By its ports, by a protocol as a whole, or by a rule without a condition. */
function letsAllIn(block: string): boolean {
  if (/^ {2}protocols: (?:.* )?tcp\b/m.test(block) || RULE_FOR_ALL.test(block)) return true
  const [, ports = ''] = /^ {2}ports: (.+)$/m.exec(block) ?? []
  return ports.split(' ').some((port) => {
    const [, from, to] = /^(\d+)-(\d+)\/tcp$/.exec(port) ?? []
    return isAllPorts(Number(from), Number(to))
  })
}

/** Of one family, or from a network that is all there is, it lets everything in as well. */
const RULE_FOR_ALL =
  /^\s+rule(?: priority="-?\d+")?(?: family="ipv[46]")?(?: source address="(?:0\.0\.0\.0|::)\/0")?(?: protocol value="tcp"| port port="[01]-65535" protocol="tcp")?(?: log\b.*?)? accept\s*$/m
