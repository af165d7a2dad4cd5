import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import {
  isAllPorts,
  isAnywhere,
  isFromCard,
  isLocal,
  isNew,
  isOriginal,
  isSynAlone,
  isTcp,
  isToHost,
  not,
  type Holds,
} from './unasked-packet.ts'
import { fateIn, type Verdict } from './verdicts.ts'

/**
 * Reads `iptables -S` (with `-v` too), or `ip6tables -S`: whether an unasked packet is refused. The one tells nothing of
 * the other.
 */
export function readIptables(stdout: string): Fact<boolean> {
  const chains = new Map<string, Verdict[]>()
  const policies = new Map<string, string>()
  for (const line of stdout.split('\n')) {
    if (/^\s*(#|$)/.test(line)) continue
    const [command, chain = '', ...rest] = wordsOf(line.replace(COUNTERS, ''))
    if (command === '-P' && rest[0] !== undefined) policies.set(chain, rest[0])
    else if (command === '-N' || command === '-A') {
      const verdicts = chains.get(chain) ?? []
      chains.set(chain, verdicts)
      if (command === '-A') verdicts.push(...verdictOf(rest))
    } else return unreadable('iptables -S gave a line that is no rule')
  }
  const policy = policies.get('INPUT')
  if (policy !== 'ACCEPT' && policy !== 'DROP') return unreadable('iptables -S does not tell the policy of INPUT')
  const fate = fateIn('INPUT', chains)
  const isRefused = fate === 'drop' || (fate === 'fall' && policy === 'DROP')
  // The new iptables says so when there are rules that only the old one can list.
  const hasOthers = /^# Warning: \S+-legacy tables present/m.test(stdout)
  return hasOthers && !isRefused ? unreadable('iptables does not list the old rules') : value(isRefused)
}

/** How often a rule or policy was met. */
const COUNTERS = / -c \d+ \d+(?= |$)/

const TARGETS: ReadonlyMap<string, Verdict> = new Map([
  ['ACCEPT', 'accept'],
  ['DROP', 'drop'],
  ['REJECT', 'drop'],
  ['RETURN', 'return'],
  // Whatever a program in user space decides, it is not these rules that refuse.
  ['NFQUEUE', 'accept'],
  ['QUEUE', 'accept'],
])

/** The conditions stand before the target; what follows it says how to log or reject. */
function verdictOf(words: readonly string[]): readonly Verdict[] {
  const at = words.findIndex((word) => word === '-j' || word === '-g')
  const target = words[at + 1]
  if (at < 0 || target === undefined || conditionsOf(words.slice(0, at), target).some((holds) => holds !== true))
    return []
  if (words[at] === '-g') return [{ goto: target }]
  // A target that is no chain and decides nothing (LOG, SET, MARK) is a jump to where there are no rules.
  return [TARGETS.get(target) ?? { jump: target }]
}

const CONDITIONS: ReadonlyMap<string, (text: string) => Holds> = new Map([
  ['-i', isFromCard],
  ['-s', isAnywhere],
  ['-p', isTcp],
  ['--ctstate', (text: string) => text.split(',').some(isNew)],
  ['--ctdir', isOriginal],
  ['--tcp-flags', isTcpFlags],
  ['--pkt-type', isToHost],
  ['--state', (text: string) => text.split(',').some(isNew)],
  ['--dst-type', (text: string) => text.split(',').some(isLocal)],
  ['--dport', isPortRange],
  ['--sport', isPortRange],
  ['--dports', arePortRanges],
  ['--sports', arePortRanges],
  ['--ports', arePortRanges],
])

/**
 * Of each condition whether it holds; `-m MODULE` alone is none, and what is not known cannot be told. One packet is
 * within any limit: what is let in up to a limit is let in.
 */
function conditionsOf(words: readonly string[], target: string): Holds[] {
  const holds: Holds[] = []
  let isNegated = false
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word === '!') {
      isNegated = true
      continue
    }
    if (!word.startsWith('-')) continue
    const text = word === '--tcp-flags' ? words.slice(at + 1, at + 3).join(' ') : (words[at + 1] ?? '')
    // A comment changes nothing, and `-m conntrack` only names whose option follows.
    if (target === 'ACCEPT' && (LIMITS.has(word) || (word === '-m' && text === 'limit'))) isNegated = false
    else if (word !== '-m' && word !== '--comment') {
      const condition = CONDITIONS.get(word)?.(text)
      holds.push(isNegated ? not(condition) : condition)
    } else if (word === '-m' && !MATCHES_WITH_OPTIONS.has(text)) holds.push(undefined)
    isNegated = false
    at++
  }
  return holds
}

/** All others (`limit`, `recent`, `set`) are conditions by themselves. */
const MATCHES_WITH_OPTIONS = new Set([
  'conntrack',
  'state',
  'tcp',
  'udp',
  'addrtype',
  'comment',
  'icmp',
  'multiport',
  'pkttype',
])

const LIMITS = new Set(['--limit', '--limit-burst'])

function isPortRange(text: string): boolean {
  const [from = '', to = from] = text.split(':')
  return isAllPorts(Number(from), Number(to || '65535'))
}

function arePortRanges(text: string): boolean {
  return text.split(',').some(isPortRange)
}

/** `FIN,SYN,RST,ACK SYN`: the flags that are looked at, and those of them that are set. */
function isTcpFlags(text: string): Holds {
  const [mask = '', set = ''] = text.split(' ')
  if (!/^[A-Z]+(?:,[A-Z]+)* [A-Z]+(?:,[A-Z]+)*$/.test(text) || /\b(?:ALL|NONE)\b/.test(text)) return undefined
  return isSynAlone(mask.split(','), set.split(','))
}

/** Comments and prefixes stand in quotes and may look like options. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) => plain ?? `"${quoted}"`)
}
